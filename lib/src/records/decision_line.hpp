#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stagger/decision_log.hpp"

/// The lines of a decision log; docs/decision-log.md has the format.
namespace stagger::wire {

/// What the first line of a log says.
struct decision_log_header {
    coordinator_options options;  ///< without a recorder
    std::uint64_t seed = 0;
    time_point origin{};  ///< the time of the first record, from which every time in the log counts
};

/// Appends the line, with its line end.
void append_decision_log_header(std::string& out, const decision_log_header& header);
void append_decision_line(std::string& out, const decision_record& made, time_point origin);

/** Reads a line back, without its line end: exactly what was written.
 * @throws std::invalid_argument naming the member, its rule and its value: "permit: must be given, is
 * missing"
 */
decision_log_header parse_decision_log_header(std::string_view line);
decision_record parse_decision_line(std::string_view line, time_point origin);

}  // namespace stagger::wire
