#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/seed_medians.hpp"
#include "terminal/text_table.hpp"

namespace app {

/// One line of the table: a scenario under a policy.
struct simulated_row {
    std::string scenario;
    std::string policy;
    stagger::sim::seed_medians found;
};

/// What was measured. Over several seeds also what one in ten stays below, and the worst.
text_table measures_table(const std::vector<simulated_row>& rows, unsigned seeds);

/// One run as a JSON object with a line end; docs/scenarios.md defines the members.
std::string to_json(const std::string& scenario, const std::string& policy, std::uint64_t seed,
                    const stagger::sim::measures& found, double wall_s);

}  // namespace app
