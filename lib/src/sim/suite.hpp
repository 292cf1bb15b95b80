#pragma once

#include <optional>
#include <vector>

#include "provider/description.hpp"

namespace stagger::sim {

/// A scenario of the built-in suite, and what the coordinator has to reach in it: medians over seeds.
struct suite_row {
    provider::scenario scenario;
    double least_efficiency = 0;
    double most_waste_per_100 = 0;
    double least_jain = 0;
    std::optional<double> most_lockouts;
};

/** @brief The scenarios that `stagger simulate` runs when it is given none.
 *
 * Language-model requests (2 s of service, lognormal; 50 ms of round trip; 1024 in flight at most; all
 * submitted at once) in front of every kind of limit. Their names say what is limited.
 */
std::vector<suite_row> built_in_suite();

}  // namespace stagger::sim
