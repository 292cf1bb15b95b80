#pragma once

#include <string>
#include <vector>

#include "cli/option_setting.hpp"

namespace CLI {
class App;
}

namespace app {

/// Whether a command line is a question of a shell's completion: `__complete`, and then the words so far.
bool asks_for_completion(const std::vector<std::string>& line);

/** The answer to it, one line each: a word, and behind a tab what it means; at the end `:files`, with the
 * endings of the files that are meant, or `:folders`, where a path may stand there.
 *
 * The names of profiles and models come from the configuration file and from what is remembered of limits.
 * What cannot be read has none: a shell shows no messages.
 */
std::string completion_text(const CLI::App& program, const std::vector<std::string>& line,
                            const environment_reader& environment);

}  // namespace app
