#include "throttled_server/limit_headers.hpp"

#include <algorithm>
#include <string_view>

#include "throttled_server/answer.hpp"

namespace stagger::server {
namespace {

using provider::header_hint;
using provider::limit_report;

// A limit that never recovers is told as one that takes a year; a date further away helps nobody.
constexpr duration longest_reset = std::chrono::hours(24 * 365);

std::string_view name_of(provider::unit counted) {
    return counted == provider::unit::tokens ? "tokens" : "requests";
}

std::string whole(double units) {
    return std::to_string(static_cast<std::int64_t>(units));
}

std::int64_t ceil_s(duration span) {
    return std::chrono::ceil<std::chrono::seconds>(std::min(span, longest_reset)).count();
}

void append_line(std::string& lines, std::string_view prefix, std::string_view infix, std::string_view suffix,
                 std::string_view value) {
    lines.append(prefix).append(infix).append(suffix).append(": ").append(value).append("\r\n");
}

void append_openai(std::string& lines, const limit_report& report) {
    const std::string_view unit = name_of(report.counts);
    append_line(lines, "x-ratelimit-limit-", unit, "", whole(report.limit));
    append_line(lines, "x-ratelimit-remaining-", unit, "", whole(report.remaining));
    append_line(lines, "x-ratelimit-reset-", unit, "", go_span(std::min(report.reset, longest_reset)));
}

void append_anthropic(std::string& lines, const limit_report& report, std::int64_t unix_now) {
    const std::string_view unit = name_of(report.counts);
    append_line(lines, "anthropic-ratelimit-", unit, "-limit", whole(report.limit));
    append_line(lines, "anthropic-ratelimit-", unit, "-remaining", whole(report.remaining));
    append_line(lines, "anthropic-ratelimit-", unit, "-reset", rfc3339(unix_now + ceil_s(report.reset)));
}

/// Both the structured fields of the newer drafts, which hold every unit, and the three plain fields of the
/// older ones, which hold the unit with the smallest share left.
void append_ietf(std::string& lines, const std::vector<limit_report>& reports) {
    std::string policy;
    std::string state;
    const limit_report* tightest = &reports.front();
    for (const limit_report& each : reports) {
        const std::string quoted = "\"" + std::string(name_of(each.counts)) + "\"";
        const std::string separator = policy.empty() ? "" : ", ";
        policy += separator + quoted + ";q=" + whole(each.limit);
        state +=
            separator + quoted + ";r=" + whole(each.remaining) + ";t=" + std::to_string(ceil_s(each.reset));
        if (each.remaining * tightest->limit < tightest->remaining * each.limit) tightest = &each;
    }
    append_line(lines, "RateLimit-Policy", "", "", policy);
    append_line(lines, "RateLimit", "", "", state);
    append_line(lines, "RateLimit-Limit", "", "", whole(tightest->limit));
    append_line(lines, "RateLimit-Remaining", "", "", whole(tightest->remaining));
    append_line(lines, "RateLimit-Reset", "", "", std::to_string(ceil_s(tightest->reset)));
}

}  // namespace

std::string decimal_seconds(duration span) {
    constexpr std::int64_t per_second = 1'000'000'000;
    std::string text = std::to_string(span.count() / per_second);
    const std::int64_t fraction = span.count() % per_second;
    if (fraction == 0) return text;
    const std::string digits = std::to_string(fraction);
    text += "." + std::string(9 - digits.size(), '0') + digits;
    return text.substr(0, text.find_last_not_of('0') + 1);
}

std::string go_span(duration exact) {
    using namespace std::chrono;
    const auto span = ceil<milliseconds>(exact);
    if (span < seconds(1)) return std::to_string(span.count()) + "ms";
    const auto whole_hours = floor<hours>(span);
    const auto whole_minutes = floor<minutes>(span - whole_hours);
    std::string text;
    if (whole_hours.count() > 0) text += std::to_string(whole_hours.count()) + "h";
    if (!text.empty() || whole_minutes.count() > 0) text += std::to_string(whole_minutes.count()) + "m";
    return text + decimal_seconds(span - whole_hours - whole_minutes) + "s";
}

void append_retry_after(std::string& lines, provider::retry_after_hint kind, duration wait) {
    if (kind == provider::retry_after_hint::milliseconds) {
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
        append_line(lines, "retry-after-ms", "", "", std::to_string(ms));
    } else {
        append_line(lines, "retry-after", "", "", decimal_seconds(wait));
    }
}

void append_limit_headers(std::string& lines, header_hint style, const std::vector<limit_report>& reports,
                          std::int64_t unix_now) {
    if (reports.empty()) return;
    if (style == header_hint::ietf) return append_ietf(lines, reports);
    for (const limit_report& each : reports) {
        if (style == header_hint::openai) append_openai(lines, each);
        if (style == header_hint::anthropic) append_anthropic(lines, each, unix_now);
    }
}

}  // namespace stagger::server
