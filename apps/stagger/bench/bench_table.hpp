#pragma once

#include <string>

#include "load/run_results.hpp"

namespace app {

/// What a terminal shows of the results: the policies side by side, why requests failed, how long they took,
/// and how well an open loop kept to its schedule.
std::string bench_tables(const stagger::load::results_document& results);

/// What makes a run's figures doubtful, in words; empty if nothing does.
std::string doubts_about(const stagger::load::run_results& run, const stagger::load::load_description& load);

}  // namespace app
