#pragma once

#include <algorithm>
#include <cstdlib>

#include "core/seconds.hpp"

namespace stagger {

/** @brief A limit that has fallen far may rise as fast: when to go back to it, for a look.
 *
 * A step of a percent now and then would take minutes to find that a limit is back at ten times what it fell
 * to. So as long as the pace lies far below the best limit that held, it is tested by doubling, at first soon
 * after the fall and then at growing intervals, since most falls last for seconds and those that do not may
 * last. A test that fails costs a refusal or two.
 */
class lost_limit {
 public:
    /// A limit was measured, over enough requests to be relied on.
    void held(double per_s) { best_ = std::max(best_, per_s); }
    /// It is there again.
    void found() {
        wait_ = first_wait;
        next_test_ = never;
    }
    /// The pace now; starts the clock when it lies far below.
    void going(time_point now, double per_s) {
        if (per_s >= far_below * best_) {
            next_test_ = never;
        } else if (next_test_ == never) {
            next_test_ = after(now, wait_);
        }
    }
    bool test_due(time_point now) const { return now >= next_test_; }
    void tested(time_point now) { next_test_ = after(now, wait_); }
    /// @param at_best it was reached, and refused there
    void failed(time_point now, double per_s, bool at_best) {
        if (at_best && per_s > 0.5 * best_) best_ = std::max(per_s, (best_ + per_s) / 2);
        wait_ *= longer_each_time;
        next_test_ = after(now, wait_);
        if (wait_ <= longest_wait) return;
        forget();
    }
    double best() const { return best_; }
    void forget() { *this = {}; }

 private:
    static inline const double far_below = getenv("FB")?atof(getenv("FB")):0.85;
    static constexpr seconds first_wait{2};
    static constexpr double longer_each_time = 1.25;
    static constexpr seconds longest_wait{120};

    double best_ = 0;
    seconds wait_ = first_wait;
    time_point next_test_ = never;
};

}  // namespace stagger
