#include "probing_text.hpp"

#include <charconv>

#include "stagger/coordinator.hpp"

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
    using options = stagger::coordinator_options;
    const bool allowed = value >= options::least_probing && value <= options::most_probing;
    return allowed ? std::optional(value) : std::nullopt;
}

}  // namespace app
