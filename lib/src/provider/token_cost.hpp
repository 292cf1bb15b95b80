#pragma once

#include <algorithm>

#include "provider/description.hpp"

namespace stagger::provider {

/// What a request costs where tokens are limited.
struct token_cost {
    double prompt = 1;
    double reserved = 0;  ///< that its answer may have
    double made = 0;      ///< that its answer has, which nobody knows before it ends
};

/// What is held against a limit, and charged to it, when the request arrives. At least 1, but for `output`.
inline double on_arrival(counted_tokens counted, const token_cost& tokens) {
    switch (counted) {
        case counted_tokens::output:
            return 0;
        case counted_tokens::made:
        case counted_tokens::input:
            return std::max(1.0, tokens.prompt);
        default:
            return std::max(1.0, tokens.prompt + tokens.reserved);
    }
}

/// What it comes to when the answer has ended.
inline double in_the_end(counted_tokens counted, const token_cost& tokens) {
    switch (counted) {
        case counted_tokens::settled:
        case counted_tokens::made:
            return std::max(1.0, tokens.prompt + tokens.made);
        case counted_tokens::output:
            return tokens.made;
        default:
            return on_arrival(counted, tokens);
    }
}

/// Whether the two may differ.
inline bool settles(counted_tokens counted) {
    return counted != counted_tokens::reserved && counted != counted_tokens::input;
}

}  // namespace stagger::provider
