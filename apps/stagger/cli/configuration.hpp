#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config_file.hpp"
#include "option_setting.hpp"

namespace CLI {
class App;
}

namespace app {

/** @brief What a configuration file says: `[common]` for all commands that have the option, `[COMMAND]` for
 * one, `[profile.NAME]` and `[profile.NAME.COMMAND]` for runs that ask for that profile. The later of these
 * goes before the earlier. Before the first section stand options of the program itself, and
 * `default-profile`, the profile to use where nobody names one.
 */
class configuration {
 public:
    /// Says nothing.
    configuration() = default;
    /// @param name of the file, for messages
    /// @throws failure wrong_usage, with file and line
    configuration(std::string_view text, std::string name);

    /// Every section and key must be known to the program's command line.
    /// @throws failure wrong_usage, with file, line and what was probably meant
    void check(const CLI::App& program) const;

    /// The profile to use where nobody names one; may be empty.
    std::string usual_profile() const;

    /// The names of all profiles, in their order.
    std::vector<std::string> profiles() const;

    /// What an option is in any section, each value once.
    std::vector<std::string> values_of(const std::string& option) const;

    /// For the program itself.
    std::vector<option_setting> of_program() const;

    /** For a command, one for each option.
     * @param profile may be empty
     * @param chosen the command line names the profile
     * @throws failure wrong_usage where there is no such profile
     */
    std::vector<option_setting> of_command(const CLI::App& command, const std::string& profile,
                                           bool chosen) const;

 private:
    std::string place(unsigned line) const;
    const config_section* find(const std::vector<std::string>& heading) const;
    void require_profile(const std::string& profile) const;
    void check_section(const config_section& section, const CLI::App& program) const;

    std::string name_;
    std::vector<config_section> sections_;
};

}  // namespace app
