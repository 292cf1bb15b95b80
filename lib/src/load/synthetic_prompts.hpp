#pragma once

#include <cstdint>

#include "load/token_lengths.hpp"
#include "stagger/completion.hpp"

namespace stagger::load {

/** @brief Prompts of common words, each different from its beginning on, so that no server answers from what
 * it remembers of another.
 *
 * A prompt depends on the seed and its number alone. Most tokenizers take a common word with its space for
 * one token, so the lengths are approximate.
 */
class synthetic_prompts {
 public:
    synthetic_prompts(token_lengths lengths, std::uint64_t seed) : lengths_(lengths), seed_(seed) {}

    completion_request make(std::uint64_t number) const;

 private:
    token_lengths lengths_;
    std::uint64_t seed_;
};

}  // namespace stagger::load
