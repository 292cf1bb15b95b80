#pragma once

#include <string>
#include <vector>

#include "fleet/fleet_status.hpp"
#include "fleet/job_status.hpp"

namespace app {

/// The limits and jobs of a store as metrics, in Prometheus' text format.
std::string format_fleet_metrics(const std::vector<shared_limit>& limits,
                                 const std::vector<job_status>& jobs);

}  // namespace app
