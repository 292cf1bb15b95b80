#pragma once

#include "batch/runner.hpp"

namespace CLI {
class App;
}

namespace app {

/// Adds what ends a batch before its list does, and in what order results come; both must outlive the
/// parsing.
void add_batch_limits(CLI::App& command, stagger::batch::run_limits& limits, stagger::batch_options& order);

/// Reads "10" (results) or "2.5%" (of the results) into the limits; false for anything else.
bool parse_most_failures(const std::string& text, stagger::batch::run_limits& limits);

}  // namespace app
