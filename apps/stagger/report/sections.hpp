#pragma once

#include <string>

#include "report/labelled_run.hpp"

namespace app {

// The parts of a report, each as HTML with its heading. Where there is nothing to tell of, they are empty.

/// What was run, where, and by which command.
std::string origin_section(const std::vector<named_results>& documents);
/// What a reader must know before believing a figure.
std::string notices(const labelled_runs& runs);
/// The few figures that matter most, a card for each run.
std::string key_figures_section(const labelled_runs& runs);
/// Every figure of every run, side by side.
std::string comparison_section(const labelled_runs& runs);
/// Arrivals, rejections, limit and pace over time.
std::string timeline_section(const labelled_runs& runs);
/// How latencies were distributed.
std::string latency_section(const labelled_runs& runs);
/// What the time of an answer was spent on, and what was waited for.
std::string time_spent_section(const labelled_runs& runs);
/// What failed, by reason.
std::string failures_section(const labelled_runs& runs);

}  // namespace app
