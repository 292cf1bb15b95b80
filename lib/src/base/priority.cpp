#include "stagger/priority.hpp"

#include <algorithm>
#include <cstddef>

namespace stagger {

namespace {

constexpr std::array<std::string_view, priorities.size()> names = {"interactive", "normal", "batch"};

}  // namespace

std::string_view to_string(priority one) {
    const auto place = static_cast<std::size_t>(one);
    return place < names.size() ? names[place] : "unknown";
}

std::optional<priority> parse_priority(std::string_view text) {
    const auto found = std::ranges::find(names, text);
    if (found == names.end()) return std::nullopt;
    return priorities[static_cast<std::size_t>(found - names.begin())];
}

}  // namespace stagger
