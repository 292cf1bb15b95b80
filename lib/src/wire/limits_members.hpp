#pragma once

#include "stagger/remembered_limits.hpp"
#include "wire/decision_line_object.hpp"
#include "wire/json_writer.hpp"

/// Remembered limits as the members of a JSON object, in the state file and in decision logs.
namespace stagger::wire {

/// Writes what is known. Numbers and spans read back as they were.
void append_limits(object_writer& object, const remembered_limits& limits);

/// @throws std::invalid_argument naming the member's path, the rule and the value, also for unknown members
///         and for values that break a rule of remembered_limits
remembered_limits read_limits(const decision_line_object& object);

/// RFC 3339 in UTC: "2024-01-27T16:05:00Z". Years 0 to 9999.
std::string format_date(std::chrono::sys_seconds when);

}  // namespace stagger::wire
