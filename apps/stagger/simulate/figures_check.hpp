#pragma once

#include <optional>
#include <string>

#include "sim/seed_medians.hpp"
#include "sim/suite.hpp"

namespace app {

/// What was measured and misses what is required, figure by figure ("waste 2.3 must be <= 2"); empty:
/// nothing.
/// @param ratio_to_best to the best rival, where that was measured
std::string shortfall(const stagger::sim::figures_to_reach& required, const stagger::sim::measures& found,
                      std::optional<double> ratio_to_best = std::nullopt);

}  // namespace app
