#pragma once

#include <algorithm>

#include "base/seconds.hpp"
#include "stagger/random.hpp"

namespace stagger {

/** @brief Hands out send slots at a rate.
 *
 * Each send moves the next slot on by its cost over the rate. Slots are jittered by a small part of their
 * width so that several processes do not fall into step; the jitter does not add up, because the unjittered
 * base moves on by itself. Time in which nobody wanted to send earns no credit: after a pause the first
 * request goes at once and the second a full slot later. Only a delay too short to be a pause (a late timer)
 * is made up for.
 *
 * Above a thousand a second, slots that lie within a millisecond of the first leave together with it, so that
 * nobody needs more than one timer a millisecond. The base moves on as before: the mean pace is the same.
 */
class pacer {
 public:
    /// Fraction of a slot by which it may move, over both sides.
    static constexpr double usual_jitter = 0.05;
    /// Timers ring this late on a busy machine; slots missed by less are caught up.
    static constexpr seconds timer_slack{0.002};
    /// How long a group lasts, from its first slot on.
    static constexpr duration together = std::chrono::milliseconds(1);

    explicit pacer(random_source random, double jitter = usual_jitter) : random_(random), jitter_(jitter) {}

    time_point next_slot() const { return slot_; }

    /// Whether a send at this time would go as soon as the pace lets it, within a slot.
    bool holds_back(time_point now, seconds slot) const { return seconds(now - slot_) < slot + timer_slack; }

    /// @param slot how long a request of cost 1 takes at the present rate
    void sent(time_point now, double cost, seconds slot) {
        const seconds width = cost * slot;
        if (seconds(now - base_) > std::max(slot, timer_slack)) slot_ = base_ = now;
        if (base_ >= group_ends_) group_ends_ = saturating_add(base_, together);
        base_ = after(base_, width);
        const double jitter = jitter_ * random_.uniform(-0.5, 0.5) * width.count();
        if (base_ >= group_ends_) slot_ = saturating_add(base_, from_seconds(jitter));
    }

    /// After a change of rate: one slot of silence, then on at the new rate.
    void skip_slot(time_point now, double rate_per_s) { begin_group(after(now, seconds(1 / rate_per_s))); }
    void pause(time_point until) { begin_group(std::max(base_, until)); }
    void restart(time_point now) { begin_group(now); }

 private:
    void begin_group(time_point at) {
        slot_ = base_ = at;
        group_ends_ = saturating_add(at, together);
    }

    random_source random_;
    double jitter_;
    time_point base_{};
    time_point slot_{};
    time_point group_ends_{};
};

}  // namespace stagger
