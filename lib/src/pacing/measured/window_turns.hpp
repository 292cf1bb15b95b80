#pragma once

#include <algorithm>
#include <optional>

#include "base/seconds.hpp"
#include "stagger/time.hpp"

namespace stagger {

/** @brief When windows of equal length turn.
 *
 * Nobody sees the moment itself: it lies between the last refusal of a closed time and the first admission
 * behind it. The first and the latest turn, with the number of windows between them, give the length of one,
 * the more precisely the more of them went by, and so the moments between which the next one turns.
 */
class window_turns {
 public:
    struct interval {
        time_point from{};
        time_point to{};
    };

    /// A window turned between these moments.
    /// @param follows it was the one behind the one told before; else what was known is forgotten
    void turned(interval seen, bool follows) {
        const std::optional<interval> expected = next();
        const bool too_early = expected && seen.to < expected->from;
        if (!follows || too_early || !latest_) {
            first_ = latest_ = seen;
            windows_ = 0;
            return;
        }
        if (expected && seen.from <= expected->to) {
            seen.from = std::max(seen.from, expected->from);
            seen.to = std::min(seen.to, expected->to);
        }
        latest_ = seen;
        ++windows_;
    }

    /// Windows of about the same quota in a row, the last ones.
    unsigned windows() const { return windows_; }

    /// Whether the next turn is one to look for, not to wait for: the first, the second, the fourth, ...
    /// Where a server admits again before it, there are no windows, and a wait would never find that out.
    bool is_to_be_checked() const { return (windows_ & (windows_ - 1)) == 0; }

    /// No window is shorter; 0 before two turns were seen.
    seconds least_length() const {
        if (windows_ == 0) return seconds(0);
        return std::max(seconds(0), seconds(latest_->from - first_->to) / windows_);
    }

    /// Between which moments the next window turns; nothing before two turns were seen.
    std::optional<interval> next() const {
        if (windows_ == 0) return std::nullopt;
        const seconds longest = seconds(latest_->to - first_->from) / windows_;
        return interval{after(latest_->from, least_length()), after(latest_->to, longest)};
    }

 private:
    std::optional<interval> first_;
    std::optional<interval> latest_;
    unsigned windows_ = 0;
};

}  // namespace stagger
