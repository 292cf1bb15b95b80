#include "duration_text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace app {
namespace {

struct unit {
    std::string_view name;
    double seconds;
};
constexpr std::array units{unit{"ms", 0.001}, unit{"s", 1}, unit{"m", 60}, unit{"h", 3600}};

// A year: what is longer is a slip of the keyboard.
constexpr double longest_s = 366.0 * 24 * 3600;

/// The unit that the text begins with. "ms" stands before "m" among them.
std::optional<unit> find_unit(std::string_view text) {
    for (const auto& each : units) {
        if (text.starts_with(each.name)) return each;
    }
    return std::nullopt;
}

}  // namespace

std::optional<stagger::duration> parse_duration(std::string_view text) {
    if (text == "0") return stagger::duration(0);
    double total_s = 0;
    double larger_s = std::numeric_limits<double>::infinity();  // units come the largest first, each once
    bool whole = true;                                          // only the last number may have a fraction
    do {
        double value = 0;
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
        if (error != std::errc() || !std::isfinite(value) || std::signbit(value) || !whole)
            return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const auto found = find_unit(text);
        if (!found || found->seconds >= larger_s) return std::nullopt;
        text.remove_prefix(found->name.size());
        whole = value == std::floor(value);
        larger_s = found->seconds;
        total_s += value * found->seconds;
    } while (!text.empty());
    return total_s <= longest_s ? std::optional(stagger::from_seconds(total_s)) : std::nullopt;
}

std::string format_clock(stagger::duration span) {
    const auto whole = std::chrono::ceil<std::chrono::seconds>(span).count();
    const auto hours = whole / 3600;
    const auto minutes = whole / 60 % 60;
    if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
    return fmt::format("{}:{:02}", minutes, whole % 60);
}

std::string span_text(stagger::duration span) {
    using namespace std::chrono_literals;
    if (span < 2min) return fmt::format("{} s", std::chrono::ceil<std::chrono::seconds>(span).count());
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(span).count();
    if (minutes < 120) return fmt::format("{} min", minutes);
    if (minutes < 48 * 60) {
        const auto beside = minutes % 60 > 0 ? fmt::format(" {} min", minutes % 60) : "";
        return fmt::format("{} h{}", minutes / 60, beside);
    }
    const auto hours = std::chrono::ceil<std::chrono::hours>(span).count();
    const auto beside = hours % 24 > 0 ? fmt::format(" {} h", hours % 24) : "";
    return fmt::format("{} days{}", hours / 24, beside);
}

std::string format_age(std::chrono::seconds age) {
    constexpr std::array spans{std::pair("day", 24 * 3600L), std::pair("hour", 3600L),
                               std::pair("minute", 60L)};
    for (const auto& [name, seconds] : spans) {
        const auto count = age.count() / seconds;
        if (count > 0) return fmt::format("{} {}{} ago", count, name, count > 1 ? "s" : "");
    }
    return "less than a minute ago";
}

}  // namespace app
