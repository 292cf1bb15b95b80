#pragma once

#include <string>

#include "batch/runner.hpp"

namespace app {

/// The figures for people, some lines.
std::string describe(const stagger::batch::run_report& report);

/// The figures for programs, one JSON object with a line end.
std::string to_json(const stagger::batch::run_report& report, const std::string& policy);

}  // namespace app
