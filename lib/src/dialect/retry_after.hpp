#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "stagger/time.hpp"

namespace stagger::wire {

/// Longer waits are cut to this: quotas renew after a month at most.
inline constexpr duration longest_retry_after = std::chrono::hours(24 * 31);

/** Reads a Retry-After value: seconds, whole or fractional, or an HTTP date.
 * @param unix_now seconds since 1970, by the clock that the date was written with; a date in the past is zero
 * @return nothing for anything else
 */
std::optional<duration> parse_retry_after(std::string_view value, double unix_now);

/// Reads a retry-after-ms value: milliseconds, whole or fractional.
std::optional<duration> parse_retry_after_ms(std::string_view value);

}  // namespace stagger::wire
