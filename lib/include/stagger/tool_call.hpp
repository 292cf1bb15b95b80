#pragma once

#include <string>

namespace stagger {

/// A call that a model asks for.
struct tool_call {
    std::string id;  ///< to be given back with the result; empty where the server gives none
    std::string name;
    std::string arguments;  ///< a JSON object as text, as the model made it: it need not be valid
    friend bool operator==(const tool_call&, const tool_call&) = default;
};

}  // namespace stagger
