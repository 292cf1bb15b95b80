#pragma once

#include <chrono>
#include <string>

#include "gateway/call_record.hpp"

namespace stagger::gateway {

/// One call as a line of JSON, with its line feed. What is not known is null; spans are in seconds.
/// @param when it ended
std::string access_log_line(const call_record& of, std::chrono::sys_time<std::chrono::milliseconds> when);

}  // namespace stagger::gateway
