#include "base/decimal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace stagger::wire {

namespace {

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

/// Cuts the number off the front of `text`.
std::optional<double> take_decimal(std::string_view& text) {
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    std::size_t length = 0;
    bool fraction = false;
    for (; length < text.size(); ++length) {
        if (text[length] == '.' && !fraction) {
            fraction = true;
        } else if (!is_digit(text[length])) {
            break;
        }
    }
    double value = 0;
    const auto* const end = text.data() + length;
    const auto read = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    text.remove_prefix(length);
    return value;
}

/// Cuts a unit off the front of `text`; its length in seconds.
std::optional<double> take_unit_s(std::string_view& text) {
    // Longer names before those that they begin with.
    constexpr std::array<std::pair<std::string_view, double>, 9> units{{{"ns", 1e-9},
                                                                        {"us", 1e-6},
                                                                        {"\xC2\xB5s", 1e-6},
                                                                        {"\xCE\xBCs", 1e-6},
                                                                        {"ms", 1e-3},
                                                                        {"s", 1},
                                                                        {"m", 60},
                                                                        {"h", 3600},
                                                                        {"d", 86400}}};
    for (const auto& [name, seconds] : units) {
        if (!text.starts_with(name)) continue;
        text.remove_prefix(name.size());
        return seconds;
    }
    return std::nullopt;
}

}  // namespace

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<double> parse_decimal(std::string_view text) {
    text = trim(text);
    const auto value = take_decimal(text);
    return text.empty() ? value : std::nullopt;
}

std::optional<double> parse_span_s(std::string_view text) {
    if (const auto bare = parse_decimal(text)) return bare;
    text = trim(text);
    if (text.empty()) return std::nullopt;
    double seconds = 0;
    while (!text.empty()) {
        const auto count = take_decimal(text);
        const auto unit_s = count ? take_unit_s(text) : std::nullopt;
        if (!unit_s) return std::nullopt;
        seconds += *count * *unit_s;
    }
    return seconds;
}

duration bounded_span(double seconds, duration longest) {
    if (!(seconds > 0)) return duration::zero();
    return std::min(from_seconds(seconds), longest);
}

}  // namespace stagger::wire
