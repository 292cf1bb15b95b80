#pragma once

#include <optional>
#include <vector>

#include "provider/description.hpp"
#include "sim/random_scenario.hpp"

namespace stagger::sim {

/// What the coordinator has to reach: medians over seeds, but for the peaks and what is lost, which no seed
/// may exceed. Nothing is ever to be lost.
struct figures_to_reach {
    double least_efficiency = 0;
    std::optional<double> most_waste_per_100;
    /// The same without the rejections that were drawn regardless of load (never_worse.hpp).
    std::optional<double> most_avoidable_per_100;
    /// Of its time to that of the best rival, seed by seed (never_worse.hpp).
    std::optional<double> most_ratio_to_best;
    std::optional<double> least_jain;
    std::optional<double> least_aggregate_goodput_per_s;
    std::optional<double> most_lockouts;
    std::optional<double> most_peak_10ms;
    std::optional<double> most_peak_1s;

    friend bool operator==(const figures_to_reach&, const figures_to_reach&) = default;
};

/// A scenario of the built-in suite.
struct suite_row {
    provider::scenario scenario;
    figures_to_reach required;
};

/** @brief The scenarios that `stagger simulate` runs when it is given none.
 *
 * Language-model requests (2 s of service, lognormal; 50 ms of round trip; 1024 in flight at most; all
 * submitted at once) in front of every kind of limit, and of refusals that are none. Their names say what is
 * limited.
 */
std::vector<suite_row> built_in_suite();

/// What the coordinator has to reach over many random scenarios of one kind, in the median.
figures_to_reach random_figures(random_kind kind);

}  // namespace stagger::sim
