#pragma once

#include <string>
#include <vector>

#include "sim/seed_medians.hpp"

namespace app {

/// One line of the table: a scenario under a policy.
struct simulated_row {
    std::string scenario;
    std::string policy;
    stagger::sim::seed_medians found;
};

/// Aligned for a terminal.
std::string format_table(const std::vector<simulated_row>& rows);
/// The same for a page of documentation.
std::string format_markdown(const std::vector<simulated_row>& rows);

/// One run as a JSON object with a line end; docs/scenarios.md defines the members.
std::string to_json(const std::string& scenario, const std::string& policy, std::uint64_t seed,
                    const stagger::sim::measures& found, double wall_s);

}  // namespace app
