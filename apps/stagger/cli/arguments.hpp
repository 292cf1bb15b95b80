#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "configuration.hpp"
#include "option_setting.hpp"

namespace CLI {
class App;
}

namespace app {

/// A command line with everything in it that environment and configuration file say.
struct arguments {
    std::vector<std::string> words;
    std::vector<std::string> remarks;           ///< for the user
    std::map<std::string, std::string> places;  ///< FILE:LINE of options, without dashes, that a file decides
    std::string config;                         ///< as the command line names it; may be empty
    std::string profile;                        ///< the same
};

/** Puts together what is said about the options of the command that the words name.
 *
 * `help` is read as `--help`, and `help COMMAND` as the help of that command.
 *
 * @param program with all its commands
 * @param line the words that the program was called with, without its name
 * @throws failure wrong_usage for a configuration file that is wrong, or is named and cannot be read
 */
arguments all_arguments(const CLI::App& program, std::vector<std::string> line,
                        const environment_reader& environment);

/** The configuration file that the words name, else the environment, else the usual one.
 * @throws failure wrong_usage as above
 */
configuration configuration_of(const std::vector<std::string>& line, const environment_reader& environment);

/// "FILE:LINE: " in front of a message about an option, "--name: …", that the configuration file decides.
std::string placed(const std::string& message, const std::map<std::string, std::string>& places);

}  // namespace app
