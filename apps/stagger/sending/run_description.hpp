#pragma once

#include "load/run_results.hpp"
#include "send_options.hpp"

namespace app {

/// What results say of the process that begins them now: all but the load and the runs.
stagger::load::results_document describe_this_run(const send_options& options, const send_plan& plan);

}  // namespace app
