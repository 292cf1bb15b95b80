#include <array>
#include <cmath>

#include "base/date.hpp"
#include "base/decimal.hpp"
#include "dialect/rate_limit_field.hpp"
#include "dialect/rate_limit_headers.hpp"
#include "dialect/retry_after.hpp"
#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"

// Header values that speak of limits and times.

namespace stagger::fuzz {
namespace {

constexpr std::array names{"retry-after",
                           "retry-after-ms",
                           "date",
                           "x-ratelimit-limit-requests",
                           "x-ratelimit-remaining-requests",
                           "x-ratelimit-reset-requests",
                           "x-ratelimit-limit-tokens",
                           "x-ratelimit-remaining-tokens",
                           "x-ratelimit-reset-tokens",
                           "anthropic-ratelimit-requests-limit",
                           "anthropic-ratelimit-requests-remaining",
                           "anthropic-ratelimit-requests-reset",
                           "anthropic-ratelimit-input-tokens-remaining",
                           "RateLimit",
                           "RateLimit-Policy",
                           "RateLimit-Limit",
                           "RateLimit-Remaining",
                           "RateLimit-Reset",
                           "X-RateLimit-Limit",
                           "X-RateLimit-Remaining",
                           "X-RateLimit-Reset"};

void require_sane(const limit_hint& hint) {
    require(!hint.limit || (std::isfinite(*hint.limit) && *hint.limit >= 0), "a limit is a count");
    require(!hint.remaining || (std::isfinite(*hint.remaining) && *hint.remaining >= 0),
            "what remains is a count");
    require(!hint.reset || *hint.reset >= duration::zero(), "a reset is not in the past");
}

void require_bounded(const std::optional<duration>& wait) {
    require(!wait || (*wait >= duration::zero() && *wait <= wire::longest_retry_after), "a wait is bounded");
}

void read_date(std::string_view value) {
    if (const auto when = wire::parse_http_date(value)) require(std::isfinite(*when), "a date is a number");
    const auto when = wire::parse_rfc3339(value);
    if (!when) return;
    require(std::isfinite(*when), "a date is a number");
    const std::chrono::sys_seconds second{std::chrono::seconds(static_cast<std::int64_t>(std::floor(*when)))};
    const std::string written = wire::format_rfc3339(second);
    const auto back = wire::parse_rfc3339(written);
    require(back && *back == std::floor(*when), "a date is read back", written);
}

void read_number(std::string_view value) {
    if (const auto number = wire::parse_decimal(value)) require(*number >= 0, "a number has no sign");
    const auto span = wire::parse_span_s(value);
    if (!span) return;
    const duration bounded = wire::bounded_span(*span, std::chrono::hours(1));
    require(bounded >= duration::zero() && bounded <= std::chrono::hours(1), "a span keeps its bound");
}

}  // namespace

void fuzz_headers(std::string_view bytes) {
    constexpr std::size_t most_fields = 24;
    fuzz_input input(bytes);
    double now = (input.byte() & 1) != 0 ? 1.7e9 : input.real();
    if (!std::isfinite(now)) now = 0;
    std::vector<wire::field> fields;
    while (!input.empty() && fields.size() < most_fields) {
        const char* const name = names[input.byte() % names.size()];
        fields.push_back({name, std::string(input.line())});
    }
    const hints said = wire::read_hints(fields, now);
    require_bounded(said.retry_after);
    require_sane(said.requests);
    require_sane(said.tokens);
    std::vector<std::string_view> values;
    for (const wire::field& each : fields) {
        values.push_back(each.value);
        require_bounded(wire::parse_retry_after(each.value, now));
        require_bounded(wire::parse_retry_after_ms(each.value));
        read_date(each.value);
        read_number(each.value);
    }
    wire::read_rate_limit_fields(values, values);
}

}  // namespace stagger::fuzz
