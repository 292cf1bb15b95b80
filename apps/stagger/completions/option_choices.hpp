#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace app {

/// Names that users have chosen, which the command line alone does not know.
struct known_names {
    std::vector<std::string> profiles;  ///< of the configuration file
    std::vector<std::string> models;    ///< that it names, or that limits are remembered of
};

/// What a value may be, as far as it can be listed.
struct value_choices {
    enum class on_disk { nothing, files, folders };

    std::vector<std::string> words = {};
    bool is_list = false;  ///< several of them, with commas between
    on_disk paths = on_disk::nothing;
    std::vector<std::string> endings = {};  ///< of the files that are meant, without a dot; empty: any
};

/** The choices for an option or an argument of a command.
 * @param command "batch"
 * @param name without dashes: "policy"; of an argument as the help has it: "PROMPTS"
 * @return nothing to offer for what cannot be listed, such as a number
 */
value_choices choices_of(std::string_view command, std::string_view name, const known_names& known);

/// Every pair of a command and a name that `choices_of` has something for; the command is empty where the
/// name means the same for all.
std::vector<std::pair<std::string_view, std::string_view>> names_with_choices();

}  // namespace app
