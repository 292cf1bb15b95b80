#pragma once

#include <string>
#include <string_view>

namespace stagger::gateway {

/// Whose clients read an error.
enum class api_shape { openai, anthropic };

/// An error as clients of that API expect it, in JSON.
/// @param quota in the words for a budget that is used up
std::string error_json(api_shape shape, unsigned status, std::string_view message, bool quota = false);

/// The same as the last event of a stream whose head is sent. `json` must have no line end.
std::string error_event(api_shape shape, std::string_view json);

}  // namespace stagger::gateway
