#pragma once

#include <algorithm>

#include "base/seconds.hpp"
#include "pacing/pacer.hpp"

namespace stagger {

/** @brief Tokens at a rate that was told: reserved when a request leaves, settled once it was counted.
 *
 * Each reservation moves the next slot on by its tokens over the rate, and the settlement moves it by the
 * difference, so that what is counted, not what was expected, keeps the rate. Time in which nobody wanted to
 * send earns no credit; tokens that were given back do, up to a bound, since the server has not saved up any
 * amount.
 */
class token_pace {
 public:
    /// Few limits save up less than a second's worth, and none less than what one request may cost.
    static constexpr seconds usual_credit{1};
    /// What was used beyond a reservation holds everybody up for this long at most: a limit a minute that is
    /// left alone for a minute has forgotten.
    static constexpr seconds longest_debt{60};

    /// @param per_s > 0; 0 only for a pace that is never used
    explicit token_pace(double per_s) : slot_of_one_(1 / per_s) {}

    time_point next_slot() const { return slot_; }

    void reserve(time_point now, double tokens) {
        forget_idle_time(now);
        const seconds width = tokens * slot_of_one_;
        slot_ = after(slot_, width);
        credit_ = std::clamp(seconds(now - slot_), seconds(0), credit_);
        most_credit_ = std::max(usual_credit, width);
    }
    /// @param more tokens than were reserved; negative: fewer
    void settle(time_point now, double more) {
        forget_idle_time(now);
        const time_point latest = std::max(slot_, after(now, longest_debt));
        slot_ = std::clamp(after(slot_, more * slot_of_one_), after(now, -most_credit_), latest);
        credit_ = std::max(seconds(now - slot_), seconds(0));
    }

 private:
    void forget_idle_time(time_point now) {
        const seconds behind(now - slot_);
        if (behind > std::max({slot_of_one_, pacer::timer_slack, credit_})) slot_ = after(now, -credit_);
    }

    seconds slot_of_one_;
    time_point slot_{};
    seconds credit_{0};  ///< how far the slot may lie behind, since tokens were given back
    seconds most_credit_ = usual_credit;
};

}  // namespace stagger
