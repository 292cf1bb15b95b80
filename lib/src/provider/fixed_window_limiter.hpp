#pragma once

#include <cstdint>

#include "provider/description.hpp"
#include "provider/model.hpp"

namespace stagger::provider {

/** A quota for each window of a fixed grid: everything used comes back at once at the next boundary.
 *
 * Boundaries lie at `origin` + phase + k·window. A request that costs more than the quota takes the whole
 * quota of an unused window.
 */
class fixed_window_limiter {
 public:
    fixed_window_limiter(const fixed_window& description, time_point origin, time_point now);

    unit counts() const { return description_.counts; }
    counted_tokens counted() const { return description_.counted; }
    bool admits(time_point now, double cost);
    void take(time_point now, double cost);
    /// A refused request is charged: it takes what is left of the window.
    void take_refused(time_point now, double cost);
    /// What was charged with `charged` at `taken` costs `owed` after all. What is given back once that window
    /// has passed is without effect. What is owed beyond it is taken now, even if that is more than there is.
    void settle(time_point now, time_point taken, double charged, double owed);
    /// How long until `cost` would be admitted if nobody else came; zero if it would be now.
    duration wait(time_point now, double cost);
    /// `reset` is the time until the next boundary.
    limit_report report(time_point now);
    /// Goes on counting from what `previous` has counted in its current window.
    void take_over(fixed_window_limiter& previous, time_point now);

 private:
    std::int64_t window_of(time_point now) const;
    duration until_boundary(time_point now) const;
    void turn(time_point now);
    double bounded(double cost) const;

    fixed_window description_;
    time_point origin_;
    std::int64_t window_;  // which one of the grid `used_` belongs to
    double used_ = 0;
};

}  // namespace stagger::provider
