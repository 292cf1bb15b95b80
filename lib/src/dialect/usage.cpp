#include "dialect/usage.hpp"

namespace stagger::wire {

std::optional<std::uint64_t> token_count(const json_node& object, std::string_view name) {
    const auto* value = member(object, name);
    return value ? value->natural() : std::nullopt;
}

}  // namespace stagger::wire
