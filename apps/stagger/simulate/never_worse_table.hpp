#pragma once

#include <string>
#include <vector>

#include "sim/never_worse.hpp"
#include "terminal/text_table.hpp"

namespace app {

/// A line for every run, the worst ratio last: who was quickest beside it, in what time, and at how many
/// avoidable rejections.
text_table side_by_side_table(const std::vector<stagger::sim::run_beside_rivals>& runs);

/// A line for every kind: the middle, the bad end and the worst of the ratios.
text_table never_worse_table(const std::vector<stagger::sim::never_worse_summary>& kinds);

/// One run as a JSON object with a line end; docs/scenarios.md defines the members.
std::string to_json(const stagger::sim::run_beside_rivals& run);

/// What a kind misses, figure by figure ("worst ratio (dip-4) 1.7 must be <= 1.5"); empty: nothing.
std::string shortfall(const stagger::sim::never_worse_summary& kind);

}  // namespace app
