#include "gateway/call_record.hpp"

#include <array>

#include "base/utf8.hpp"

namespace stagger::gateway {

std::string_view to_string(call_outcome one) {
    constexpr std::array<std::string_view, 4> names = {"answered", "turned_away", "departed", "cut"};
    return names[static_cast<std::size_t>(one)];
}

std::string shown_model(std::string_view told) {
    constexpr std::size_t longest = 200;
    std::string shown;
    wire::append_as_utf8(shown, told.substr(0, longest));
    if (told.size() <= longest) return shown;
    // What was cut in two has become one U+FFFD.
    constexpr std::string_view replaced = "\xEF\xBF\xBD";
    if (shown.ends_with(replaced)) shown.resize(shown.size() - replaced.size());
    return shown + "…";
}

}  // namespace stagger::gateway
