#pragma once

#include <functional>
#include <string>
#include <vector>

namespace app {

/// What says something about an option, but for the command line, which goes before all of them; the later
/// ones go first.
enum class setting_source {
    file,            ///< the configuration file
    environment,     ///< a variable of the option's own name
    chosen_profile,  ///< a profile that the command line names
};

/// What is said about one option of a command elsewhere than on the command line.
struct option_setting {
    std::string option;               ///< its name without dashes
    std::vector<std::string> values;  ///< one, but for an option that is repeatable
    setting_source source = setting_source::file;
    std::string place;            ///< for messages: FILE:LINE, or the variable
    std::string beside_base_url;  ///< the one of the file that it stands beside; may be empty
};

/// Answers what a variable of the environment holds; empty where it is not set.
using environment_reader = std::function<std::string(const std::string& variable)>;

/// That of the process.
std::string process_environment(const std::string& variable);

}  // namespace app
