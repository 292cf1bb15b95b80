#include "wire/limits_members.hpp"

#include <array>
#include <cmath>
#include <cstdio>

#include "wire/date.hpp"

namespace stagger::wire {

namespace {

void append(object_writer& object, std::string_view name, const std::optional<double>& value) {
    if (value) object.number(name, *value);
}

void append(object_writer& object, std::string_view name, const std::optional<duration>& span) {
    if (span) object.number(name, to_seconds(*span));
}

std::optional<double> number(const decision_line_object& object, std::string_view name) {
    return object.has(name) ? std::optional(object.number(name)) : std::nullopt;
}

// Rounded, so that what was written as seconds is the same number of nanoseconds again. What a duration
// cannot hold breaks a rule of the limits later.
std::optional<duration> span(const decision_line_object& object, std::string_view name) {
    if (!object.has(name)) return std::nullopt;
    const double seconds = object.number(name);
    constexpr double ns_per_s = 1e9;
    constexpr double exact = 9.2e9;
    if (std::fabs(seconds) > exact) return from_seconds(seconds);
    return duration(std::llround(seconds * ns_per_s));
}

std::optional<std::chrono::sys_seconds> date(const decision_line_object& object, std::string_view name) {
    if (!object.has(name)) return std::nullopt;
    const auto since_1970 = parse_rfc3339(object.text(name));
    if (!since_1970) object.reject(name, "must be a date such as 2024-01-27T16:05:00Z");
    return std::chrono::sys_seconds(std::chrono::seconds(static_cast<long long>(*since_1970)));
}

}  // namespace

std::string format_date(std::chrono::sys_seconds when) {
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(when - day);
    std::array<char, 32> text{};
    const int length =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                      static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

void append_limits(object_writer& object, const remembered_limits& limits) {
    object.string("kind", to_string(limits.kind));
    object.number("rate_per_s", limits.rate_per_s);
    append(object, "burst", limits.burst);
    append(object, "quota", limits.quota);
    append(object, "window_s", limits.window);
    append(object, "in_flight", limits.in_flight);
    append(object, "silence_s", limits.silence);
    object.count("rejections", limits.rejections);
    if (limits.learned_at) object.string("learned_at", format_date(*limits.learned_at));
}

remembered_limits read_limits(const decision_line_object& object) {
    object.expect_only({"kind", "rate_per_s", "burst", "quota", "window_s", "in_flight", "silence_s",
                        "rejections", "learned_at"});
    remembered_limits limits;
    limits.kind = object.word<limit_kind>("kind");
    limits.rate_per_s = object.number("rate_per_s");
    limits.burst = number(object, "burst");
    limits.quota = number(object, "quota");
    limits.window = span(object, "window_s");
    limits.in_flight = number(object, "in_flight");
    limits.silence = span(object, "silence_s");
    limits.rejections = object.count("rejections");
    limits.learned_at = date(object, "learned_at");
    if (const auto broken = broken_rule(limits)) object.reject(broken->field, std::string(broken->rule));
    return limits;
}

}  // namespace stagger::wire
