#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stagger::wire {

/// What some editors put in front of a text.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Length of the well-formed UTF-8 sequence that `text` begins with; 0 if it begins with none.
std::size_t utf8_sequence_length(std::string_view text);

/// How many bytes one U+FFFD stands for, where `text` begins with no well-formed sequence: those that begin
/// one and do not end it, else one. Text that is not empty.
std::size_t utf8_broken_length(std::string_view text);

/// Where `text` stops being UTF-8; nothing if all of it is.
std::optional<std::size_t> invalid_utf8_at(std::string_view text);

/// Appends `text`, in which U+FFFD takes the place of each maximal run of bytes that begins a sequence and
/// does not end it, and of each byte that begins none: as the WHATWG's UTF-8 decoder has it.
void append_as_utf8(std::string& out, std::string_view text);

}  // namespace stagger::wire
