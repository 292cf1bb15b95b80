#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace app {

/// Whether the option takes exactly one value, the last of several.
bool takes_one_value(const CLI::Option& option);

/// Whether the option takes one value each time and is repeatable.
bool is_repeatable(const CLI::Option& option);

/// The names, without dashes, of the options that a configuration file can set: those that take one value or
/// none, and those that are repeatable. Not among them is what only the command line can say.
std::vector<std::string> configurable_options(const CLI::App& command);

/// The option of that name without dashes; null if there is none.
const CLI::Option* find_option(const CLI::App& command, const std::string& name);

/// Every name of an option, with its dashes, that the command line may use behind this command.
std::vector<std::string> option_names(const CLI::App& program, const CLI::App& command);

/// Lets the last of several values of one option win, for all options that environment and file can set.
void let_last_value_win(CLI::App& command);

}  // namespace app
