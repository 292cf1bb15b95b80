#pragma once

#include <cstdint>
#include <optional>

#include "stagger/token_usage.hpp"

namespace stagger::gateway {

/** @brief How many tokens a call will cost, before upstream has counted them.
 *
 * The prompt's by the bytes of its body; the answer's as many as answers have had lately, but no more than
 * the call allows. It is only what a place in line is charged for until the usage is known.
 */
class usual_tokens {
 public:
    /// The prompt's and the answer's.
    token_usage estimated(std::size_t body_bytes, std::optional<std::uint64_t> most_tokens) const;
    double estimate(std::size_t body_bytes, std::optional<std::uint64_t> most_tokens) const;
    void learn(const token_usage& used);

 private:
    double answer_ = 256;  // until there is one
};

}  // namespace stagger::gateway
