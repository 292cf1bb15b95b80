#pragma once

#include <optional>
#include <string_view>

#include "stagger/time.hpp"

/// Numbers in header values, which anybody may have written: no signs, exponents, "inf", "nan" or
/// hexadecimals.
namespace stagger::wire {

/// Without spaces and tabs at both ends.
std::string_view trim(std::string_view text);
/// The lower case of an ASCII letter; any other character as it is.
constexpr char ascii_lower(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}

/// Without regard to the case of ASCII letters.
// In the header because every field of every response is compared with every known name.
constexpr bool equal_ignoring_case(std::string_view left, std::string_view right) {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (ascii_lower(left[i]) != ascii_lower(right[i])) return false;
    }
    return true;
}

/// Digits, with or without a fraction: "20", "0.5". Nothing for any other text.
std::optional<double> parse_decimal(std::string_view text);

/// A span as Go writes it, in seconds: "20ms", "6m0s", "1h2m3.5s", also "2d"; a bare number counts seconds.
std::optional<double> parse_span_s(std::string_view text);

/// `seconds` as a duration, bounded to 0..`longest`.
duration bounded_span(double seconds, duration longest);

}  // namespace stagger::wire
