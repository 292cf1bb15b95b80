#pragma once

#include <cstdint>
#include <optional>

namespace stagger {

/// Tokens as the server counted them; absent where it did not say.
struct token_usage {
    std::optional<std::uint64_t> prompt_tokens;      ///< all of them, read from a cache or not
    std::optional<std::uint64_t> completion_tokens;  ///< all that were made, those of thinking included
    std::optional<std::uint64_t> cached_tokens =
        std::nullopt;  ///< of the prompt's, those that were read from a cache
    friend bool operator==(const token_usage&, const token_usage&) = default;
};

}  // namespace stagger
