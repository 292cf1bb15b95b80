#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "json/json_node.hpp"

namespace stagger::wire {

/// A count of tokens; nothing where it is missing, null, or not a whole number from 0. A wrong count does not
/// spoil an answer that was paid for.
std::optional<std::uint64_t> token_count(const json_node& object, std::string_view name);

}  // namespace stagger::wire
