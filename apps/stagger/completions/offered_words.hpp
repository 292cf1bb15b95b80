#pragma once

#include <string>
#include <vector>

#include "option_choices.hpp"

namespace CLI {
class App;
}

namespace app {

/// What a shell can offer in place of the last word of a command line.
struct offered_words {
    struct word {
        std::string text;
        std::string about;  ///< one line; may be empty
    };

    std::vector<word> words;
    value_choices::on_disk paths = value_choices::on_disk::nothing;
    std::vector<std::string> endings = {};  ///< of the files that are meant, without a dot; empty: any
};

/** Finds the words that may stand at the end of a command line: commands, options, or the values of one.
 *
 * @param program with all its commands
 * @param line without the program's name; the last word is the one that is being written, and may be empty
 * @return all that fit the place; what does not begin as the word does is left out, but for paths
 */
offered_words words_to_offer(const CLI::App& program, const std::vector<std::string>& line,
                             const known_names& known);

}  // namespace app
