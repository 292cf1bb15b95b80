#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace app {

/** What the environment says for the options of a subcommand, as arguments that go before those of the
 * command line, which therefore wins; a configuration file, which fills in what neither says, comes last.
 *
 * An option that takes one value, such as --max-tokens, is read from STAGGER_MAX_TOKENS.
 */
std::vector<std::string> environment_arguments(const CLI::App& command);

/// Lets the last of several values of one option win, for all options that the environment can set.
void let_last_value_win(CLI::App& command);

}  // namespace app
