#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace app {

/// The commands that a command line offers, in their order.
std::vector<const CLI::App*> subcommands_of(const CLI::App& of);

/// Null where there is none of that name.
const CLI::App* find_subcommand(const CLI::App& among, const std::string& name);

}  // namespace app
