#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/json_node.hpp"
#include "stagger/token_usage.hpp"

namespace stagger::wire {

/// A count of tokens; nothing where it is missing, null, or not a whole number from 0. A wrong count does not
/// spoil an answer that was paid for.
std::optional<std::uint64_t> token_count(const json_node& object, std::string_view name);

/// An object that counts tokens, by the names of OpenAI's operations or of Anthropic's, which tell each other
/// apart.
token_usage read_usage(const json_node& usage);
/// The `usage` of a document, if it has one.
token_usage usage_in(const json_node& document);

/// A member that is a string; empty where it is missing or another kind of value.
std::string_view string_member(const json_node& object, std::string_view name);

/// Sets `id` from a member of that name, where it is empty and the document has one.
void take_id(const json_node& document, std::string_view name, std::string& id);

}  // namespace stagger::wire
