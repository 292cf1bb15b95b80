#pragma once

#include <deque>

#include "provider/description.hpp"
#include "provider/model.hpp"

namespace stagger::provider {

/** At most a quota within any window: what was taken comes back one window later, piece by piece.
 *
 * A log of what was taken, as long as the quota at most. A request that costs more than the quota takes an
 * empty window's whole quota.
 */
class sliding_window_limiter {
 public:
    sliding_window_limiter(const sliding_window& description, time_point now);

    unit counts() const { return description_.counts; }
    counted_tokens counted() const { return description_.counted; }
    bool admits(time_point now, double cost);
    void take(time_point now, double cost);
    /// A refused request is charged: it is logged as if it had been admitted.
    void take_refused(time_point now, double cost);
    /// What was charged with `charged` at `taken` costs `owed` after all. What is given back once that has
    /// left the window is without effect. What is owed beyond it is taken now, even if that is more than
    /// there is.
    void settle(time_point now, time_point taken, double charged, double owed);
    /// How long until `cost` would be admitted if nobody else came; zero if it would be now.
    duration wait(time_point now, double cost);
    /// `reset` is the time until the window is empty.
    limit_report report(time_point now);
    /// Keeps the log of `previous`; its entries leave as the new window says.
    void take_over(sliding_window_limiter& previous, time_point now);

 private:
    struct entry {
        time_point at;
        double cost;
    };

    void forget(time_point now);
    double bounded(double cost) const;

    sliding_window description_;
    std::deque<entry> log_;
    double used_ = 0;
};

}  // namespace stagger::provider
