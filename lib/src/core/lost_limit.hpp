#pragma once

#include <algorithm>

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
    void held(double per_s) {
        if (per_s >= far_below * best_) {
            best_ = per_s;
            wait_ = first_wait;
            next_test_ = never;
        }
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
    void failed(time_point now) {
        wait_ *= longer_each_time;
        next_test_ = after(now, wait_);
        if (wait_ <= longest_wait) return;
        forget();
    }
    double best() const { return best_; }
    void forget() { *this = {}; }

 private:
    static constexpr double far_below = 0.7;
    static constexpr seconds first_wait{2};
    static constexpr double longer_each_time = 1.25;
    static constexpr seconds longest_wait{120};

    double best_ = 0;
    seconds wait_ = first_wait;
    time_point next_test_ = never;
};

}  // namespace stagger
