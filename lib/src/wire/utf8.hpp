#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace stagger::wire {

/// Length of the well-formed UTF-8 sequence that `text` begins with; 0 if it begins with none.
std::size_t utf8_sequence_length(std::string_view text);

/// Where `text` stops being UTF-8; nothing if all of it is.
std::optional<std::size_t> invalid_utf8_at(std::string_view text);

}  // namespace stagger::wire
