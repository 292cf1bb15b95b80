#pragma once

#include <string>

#include "answers/copied_answers.hpp"
#include "batch/runner.hpp"

namespace app {

/// The figures for people, some lines.
/// @param copied what was answered without being asked
std::string describe(const stagger::batch::run_report& report, const copy_counts& copied = {});

/// The figures for programs, one JSON object with a line end.
std::string to_json(const stagger::batch::run_report& report, const std::string& policy,
                    const copy_counts& copied = {});

}  // namespace app
