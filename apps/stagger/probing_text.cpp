#include "probing_text.hpp"

#include <charconv>

namespace app {

std::optional<double> parse_probing(std::string_view text) {
    if (text == "off") return 0;
    const bool percent = text.ends_with('%');
    if (percent) text.remove_suffix(1);
    double value = 0;
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    if (percent) value /= 100;
    constexpr double least = 0.001;
    constexpr double most = 0.2;
    return value >= least && value <= most ? std::optional(value) : std::nullopt;
}

}  // namespace app
