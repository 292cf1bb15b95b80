#pragma once

#include <optional>
#include <string>
#include <string_view>

/// What JSON's readers do not agree on, read as most of them do (docs/robustness.md).
namespace stagger::wire {

/// The same text with U+FFFD in the place of each escape that is half of a surrogate pair, which JSON's
/// grammar allows; as long as it was. Nothing if there is none.
std::optional<std::string> with_whole_surrogates(std::string_view json);

/// The same, and besides U+FFFD for bytes that are not UTF-8, null for NaN and Infinity, and no byte-order
/// mark. Nothing if there is none of these: what is wrong with the text then is wrong for everybody.
std::optional<std::string> as_others_read(std::string_view json);

}  // namespace stagger::wire
