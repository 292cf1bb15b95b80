#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "stagger/refusal_history.hpp"

namespace stagger {

/** @brief Numbers kinds in the order in which they come, from 1.
 *
 * Whatever tells them apart, such as a key, is in no number and so in no log. Nothing allocates: those that
 * come when all numbers are given share the last one. 0 stays 0: tasks of which nothing is said.
 */
class kind_numbers {
 public:
    task_kind number_of(std::uint64_t identity) {
        if (identity == 0) return {};
        const auto* const end = known_.begin() + count_;
        const auto* const found = std::find(known_.cbegin(), end, identity);
        if (found != end) return number(static_cast<std::size_t>(found - known_.cbegin()));
        if (count_ == known_.size()) return number(count_);
        known_[count_] = identity;
        return number(count_++);
    }

 private:
    static task_kind number(std::size_t place) { return task_kind{static_cast<std::uint32_t>(place) + 1}; }

    // The last number is that of all others.
    std::array<std::uint64_t, task_kinds_told_apart - 2> known_{};
    std::size_t count_ = 0;
};

}  // namespace stagger
