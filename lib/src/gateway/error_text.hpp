#pragma once

#include <string>
#include <string_view>

namespace stagger::gateway {

/// Whose clients read an error.
enum class api_shape { openai, anthropic };

/// An error as clients of that API expect it, in JSON.
std::string error_json(api_shape shape, unsigned status, std::string_view message);

/// The same as the last event of a stream whose head is sent. `json` must have no line end.
std::string error_event(api_shape shape, std::string_view json);

}  // namespace stagger::gateway
