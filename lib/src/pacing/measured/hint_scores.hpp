#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "stagger/hints.hpp"

namespace stagger {

/** @brief How far each kind of a server's word of when it admits again has proved true.
 *
 * Every kind begins fully believed. Each time that it was wrong halves its weight, each time that it was
 * right doubles it. Two errors in a row end the belief.
 */
class hint_scores {
 public:
    void proved_true(opening_hint kind) { weight(kind) = std::min(1.0, 2 * weight(kind)); }
    void proved_false(opening_hint kind) { weight(kind) = std::max(least, weight(kind) / 2); }

    /// From `least` to 1.
    double weight_of(opening_hint kind) const { return weights_[index(kind)]; }
    bool believes(opening_hint kind) const { return weight_of(kind) > disbelieved; }

    /// So low that a dozen right ones bring it back, however often it was wrong.
    static constexpr double least = 1.0 / 4096;

 private:
    static constexpr double disbelieved = 0.25;
    static std::size_t index(opening_hint kind) { return static_cast<std::size_t>(kind); }
    double& weight(opening_hint kind) { return weights_[index(kind)]; }

    std::array<double, opening_hints.size()> weights_{1, 1, 1, 1};
};

}  // namespace stagger
