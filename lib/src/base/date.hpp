#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// Dates in header values and files, as seconds since 1970.
namespace stagger::wire {

/// The three forms of RFC 9110, 5.6.7: IMF-fixdate, RFC 850 and asctime. The day of the week is not checked.
std::optional<double> parse_http_date(std::string_view text);

/// RFC 3339: "2024-01-27T16:05:00Z", with a fraction of a second, or an offset instead of the Z.
std::optional<double> parse_rfc3339(std::string_view text);
/// The same in UTC, without a fraction. Years 0 to 9999.
std::string format_rfc3339(std::chrono::sys_seconds when);

}  // namespace stagger::wire
