#pragma once

#include "stagger/time.hpp"

namespace stagger::detail {

/// Whether a store is slow, told once: by so many answers in a row, since one alone may have waited for this
/// machine.
class slow_answers {
 public:
    /// Slots are planned 40 ms ahead: they come late where a message takes longer than that each way.
    static constexpr duration slow = std::chrono::milliseconds(100);
    static constexpr unsigned enough = 5;

    /// @return whether it is to be said now
    bool answered(duration took) {
        in_a_row_ = took >= slow ? in_a_row_ + 1 : 0;
        if (in_a_row_ < enough || was_told_) return false;
        return was_told_ = true;
    }

 private:
    unsigned in_a_row_ = 0;
    bool was_told_ = false;
};

}  // namespace stagger::detail
