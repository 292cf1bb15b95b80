#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "batch/write_all.hpp"
#include "cli/commands.hpp"
#include "http/endpoint.hpp"
#include "routes_file.hpp"
#include "stagger/dialect.hpp"
#include "terminal/text_table.hpp"

namespace app {
namespace {

std::string or_measured(double per_minute) {
    return per_minute > 0 ? fmt::format("{:g}", per_minute) : "measured";
}

/// Keys are told only as there or not.
std::string key_of(const described_route& route) {
    if (!route.secret.empty()) return "found";
    return route.key_variables.empty() ? "none" : "none in " + route.key_variables;
}

std::string format_table(const std::vector<described_route>& routes) {
    using kind = text_table::column::kind;
    text_table table({{"NAME", kind::words},
                      {"BASE URL", kind::words},
                      {"DIALECT", kind::words},
                      {"MODEL", kind::words},
                      {"KEY", kind::words},
                      {"TIER", kind::words},
                      {"WEIGHT", kind::words},
                      {"RPM", kind::words},
                      {"TPM", kind::words}});
    for (const described_route& one : routes) {
        table.add({one.name, stagger::shown_url(one.base_url), std::string(to_string(one.dialect)),
                   one.model.empty() ? "the prompt's" : one.model, key_of(one), std::to_string(one.tier),
                   fmt::format("{:g}", one.weight), or_measured(one.requests_per_minute),
                   or_measured(one.tokens_per_minute)});
    }
    return table.aligned();
}

class routes_command final : public command {
 public:
    explicit routes_command(CLI::App& parser) {
        parser.require_subcommand(1);
        auto* const check = parser.add_subcommand("check", "Say what the file means, or what is wrong in it");
        check->add_option("FILE", file_, "A file for --routes: docs/routes.md has the format")
            ->required()
            ->type_name("FILE");
    }

    exit_code run() override {
        stagger::batch::write_all(STDOUT_FILENO, format_table(read_routes(file_, process_environment)));
        return exit_code::done;
    }

 private:
    std::string file_;
};

}  // namespace

std::unique_ptr<command> make_routes_command(CLI::App& parser) {
    return std::make_unique<routes_command>(parser);
}

}  // namespace app
