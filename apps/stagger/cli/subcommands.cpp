#include "subcommands.hpp"

#include <CLI/CLI.hpp>

namespace app {

std::vector<const CLI::App*> subcommands_of(const CLI::App& of) {
    return of.get_subcommands(std::function<bool(const CLI::App*)>());
}

const CLI::App* find_subcommand(const CLI::App& among, const std::string& name) {
    for (const auto* each : subcommands_of(among)) {
        if (each->get_name() == name) return each;
    }
    return nullptr;
}

}  // namespace app
