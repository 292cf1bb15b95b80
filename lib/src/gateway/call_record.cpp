#include "gateway/call_record.hpp"

#include <array>

namespace stagger::gateway {

std::string_view to_string(call_outcome one) {
    constexpr std::array<std::string_view, 4> names = {"answered", "turned_away", "departed", "cut"};
    return names[static_cast<std::size_t>(one)];
}

}  // namespace stagger::gateway
