#include "dialect/retry_after.hpp"

#include "base/date.hpp"
#include "base/decimal.hpp"

namespace stagger::wire {

std::optional<duration> parse_retry_after(std::string_view value, double unix_now) {
    if (const auto seconds = parse_decimal(value)) return bounded_span(*seconds, longest_retry_after);
    if (const auto date = parse_http_date(value)) return bounded_span(*date - unix_now, longest_retry_after);
    return std::nullopt;
}

std::optional<duration> parse_retry_after_ms(std::string_view value) {
    const auto milliseconds = parse_decimal(value);
    if (!milliseconds) return std::nullopt;
    return bounded_span(*milliseconds / 1000, longest_retry_after);
}

}  // namespace stagger::wire
