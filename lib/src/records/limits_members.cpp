#include "records/limits_members.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/date.hpp"
#include "json/json_text.hpp"

namespace stagger::wire {

namespace {

const std::initializer_list<std::string_view> known_members{
    "kind", "rate_per_s", "burst", "quota", "window_s", "in_flight", "silence_s", "rejections", "learned_at"};

bool has_known_kind(std::string_view entry) {
    try {
        exact_json_object(entry, "").word<limit_kind>("kind");
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

void append(object_writer& object, std::string_view name, const std::optional<double>& value) {
    if (value) object.number(name, *value);
}

void append(object_writer& object, std::string_view name, const std::optional<duration>& span) {
    if (span) object.number(name, to_seconds(*span));
}

std::optional<double> number(const exact_json_object& object, std::string_view name) {
    return object.has(name) ? std::optional(object.number(name)) : std::nullopt;
}

// What a duration cannot hold breaks a rule of the limits later.
std::optional<duration> span(const exact_json_object& object, std::string_view name) {
    return object.has(name) ? std::optional(from_seconds_rounded(object.number(name))) : std::nullopt;
}

std::optional<std::chrono::sys_seconds> date(const exact_json_object& object, std::string_view name) {
    if (!object.has(name)) return std::nullopt;
    const auto since_1970 = parse_rfc3339(object.text(name));
    if (!since_1970) object.reject(name, "must be a date such as 2024-01-27T16:05:00Z");
    return std::chrono::sys_seconds(std::chrono::seconds(static_cast<long long>(*since_1970)));
}

}  // namespace

void append_limits(object_writer& object, const remembered_limits& limits) {
    object.string("kind", to_string(limits.kind));
    object.number("rate_per_s", limits.rate_per_s);
    append(object, "burst", limits.burst);
    append(object, "quota", limits.quota);
    append(object, "window_s", limits.window);
    append(object, "in_flight", limits.in_flight);
    append(object, "silence_s", limits.silence);
    object.count("rejections", limits.rejections);
    if (limits.learned_at) object.string("learned_at", format_rfc3339(*limits.learned_at));
}

remembered_limits read_limits(const exact_json_object& object) {
    object.expect_only(known_members);
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

bool may_be_of_later_version(std::string_view entry) {
    const auto members = json_members(entry);
    if (!members) return false;
    for (const json_member& each : *members) {
        if (std::find(known_members.begin(), known_members.end(), each.name) == known_members.end())
            return true;
    }
    const auto* kind = find_member(*members, "kind");
    return kind && kind->value.starts_with('"') && !has_known_kind(entry);
}

}  // namespace stagger::wire
