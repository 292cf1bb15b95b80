#pragma once

#include <optional>
#include <string_view>

/// Dates in header values, as seconds since 1970.
namespace stagger::wire {

/// The three forms of RFC 9110, 5.6.7: IMF-fixdate, RFC 850 and asctime. The day of the week is not checked.
std::optional<double> parse_http_date(std::string_view text);

/// RFC 3339: "2024-01-27T16:05:00Z", with a fraction of a second, or an offset instead of the Z.
std::optional<double> parse_rfc3339(std::string_view text);

}  // namespace stagger::wire
