#pragma once

#include <cstdint>
#include <optional>

namespace stagger {

/// Tokens as the server counted them; absent where it did not say.
struct token_usage {
    std::optional<std::uint64_t> prompt_tokens;
    std::optional<std::uint64_t> completion_tokens;
    friend bool operator==(const token_usage&, const token_usage&) = default;
};

}  // namespace stagger
