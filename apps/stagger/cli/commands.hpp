#pragma once

#include <memory>

#include "exit_code.hpp"

namespace CLI {
class App;
}

namespace app {

/// A subcommand: its options were added to the parser that it was made with.
class command {
 public:
    virtual ~command() = default;
    /// @throws failure
    virtual exit_code run() = 0;
};

std::unique_ptr<command> make_complete_command(CLI::App& parser);
std::unique_ptr<command> make_batch_command(CLI::App& parser);
std::unique_ptr<command> make_bench_command(CLI::App& parser);
std::unique_ptr<command> make_export_command(CLI::App& parser);
std::unique_ptr<command> make_fleet_command(CLI::App& parser);
std::unique_ptr<command> make_limits_command(CLI::App& parser);
std::unique_ptr<command> make_probe_command(CLI::App& parser);
std::unique_ptr<command> make_replay_command(CLI::App& parser);
std::unique_ptr<command> make_report_command(CLI::App& parser);
std::unique_ptr<command> make_routes_command(CLI::App& parser);
std::unique_ptr<command> make_serve_command(CLI::App& parser);
std::unique_ptr<command> make_simulate_command(CLI::App& parser);
std::unique_ptr<command> make_worker_command(CLI::App& parser);

}  // namespace app
