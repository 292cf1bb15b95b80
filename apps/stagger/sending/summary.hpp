#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "answers/copied_answers.hpp"
#include "batch/runner.hpp"
#include "prices/cost_counter.hpp"
#include "stagger/coordinator_status.hpp"

namespace app {

/// What a summary tells beside the run's own figures.
struct summary_context {
    copy_counts copied = {};  ///< what was answered without being asked
    std::optional<stagger::coordinator_status> gate = std::nullopt;  ///< at the end of the run
    std::size_t failed_before = 0;  ///< of the skipped ones, those whose result is a failure
    std::optional<cost_counts> costs = std::nullopt;  ///< nothing where no prices are known
};

/// The figures for people, some lines.
std::string describe(const stagger::batch::run_report& report, const summary_context& beside = {});

/// The figures for programs, one JSON object with a line end.
std::string to_json(const stagger::batch::run_report& report, const std::string& policy,
                    const summary_context& beside = {});

}  // namespace app
