#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace app {

/** What is wrong with the command line, with a rule or a way out where CLI11 names none.
 * @param command the subcommand that was asked for, or `root`
 */
std::string usage_problem(const CLI::ParseError& wrong, const CLI::App& root, const CLI::App& command);

}  // namespace app
