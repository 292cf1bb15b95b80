#include "stagger/remembered_limits.hpp"

#include <algorithm>

namespace stagger {

namespace {

// As fast as the coordinator ever paces, and longer windows and silences than a run could learn.
constexpr double most_per_s = 1e6;
constexpr double most_requests = 1e9;
constexpr duration longest = std::chrono::hours(24 * 7);

bool is_count(const std::optional<double>& count) {
    return !count || (*count >= 1 && *count <= most_requests);
}

bool is_span(const std::optional<duration>& span) {
    return !span || (*span > duration::zero() && *span <= longest);
}

/// Comparisons that hold for no NaN.
void bound(std::optional<double>& count) {
    if (count && *count > most_requests) count = most_requests;
    if (!is_count(count)) count.reset();
}

void bound(std::optional<duration>& span) {
    if (span && *span > longest) span = longest;
    if (!is_span(span)) span.reset();
}

}  // namespace

std::string_view to_string(limit_kind kind) {
    switch (kind) {
        case limit_kind::rate:
            return "rate";
        case limit_kind::window:
            return "window";
        case limit_kind::concurrency:
            return "concurrency";
        case limit_kind::lockout:
            return "lockout";
        case limit_kind::none:
            return "none";
    }
    return "unknown";
}

std::optional<broken_limits_rule> broken_rule(const remembered_limits& limits) {
    constexpr std::string_view count = "must be within 1..1e9";
    constexpr std::string_view span = "must be > 0 and at most 604800, which is a week";
    if (!(limits.rate_per_s > 0 && limits.rate_per_s <= most_per_s)) {
        return broken_limits_rule{"rate_per_s", "must be > 0 and at most 1e6"};
    }
    if (!is_count(limits.burst)) return broken_limits_rule{"burst", count};
    if (!is_count(limits.quota)) return broken_limits_rule{"quota", count};
    if (!is_span(limits.window)) return broken_limits_rule{"window_s", span};
    if (!is_count(limits.in_flight)) return broken_limits_rule{"in_flight", count};
    if (!is_span(limits.silence)) return broken_limits_rule{"silence_s", span};
    if (limits.kind == limit_kind::concurrency && !limits.in_flight) {
        return broken_limits_rule{"in_flight", "must be given for concurrency"};
    }
    if (limits.kind == limit_kind::lockout && !limits.silence) {
        return broken_limits_rule{"silence_s", "must be given for lockout"};
    }
    return std::nullopt;
}

std::optional<remembered_limits> startable_part(const remembered_limits& limits) {
    remembered_limits kept = limits;
    if (!(kept.rate_per_s > 0)) return std::nullopt;
    kept.rate_per_s = std::min(kept.rate_per_s, most_per_s);
    bound(kept.burst);
    bound(kept.quota);
    bound(kept.window);
    bound(kept.in_flight);
    bound(kept.silence);
    const bool known = (kept.kind != limit_kind::concurrency || kept.in_flight) &&
                       (kept.kind != limit_kind::lockout || kept.silence);
    if (!known) kept.kind = limit_kind::rate;
    return kept;
}

}  // namespace stagger
