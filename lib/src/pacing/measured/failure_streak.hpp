#pragma once

#include <algorithm>

#include "base/seconds.hpp"

namespace stagger {

/** @brief Notices that every recent attempt failed by accident.
 *
 * Single accidents say nothing about a limit and change nothing. But when nothing succeeds any more the
 * server is down, and sending on at the old pace only adds to its trouble: then it counts as closed and is
 * probed. A failing server may take its time to say so, which bounds from when a probe can be taken as
 * admitted.
 */
class failure_streak {
 public:
    void failed(seconds took) {
        slowest_ = length_ == 0 ? took : std::max(slowest_, took);
        ++length_;
    }
    void ended() { length_ = 0; }

    bool server_is_down() const { return length_ >= long_enough; }
    /// A request that has not failed by then has probably not failed.
    seconds presumed_working() const { return 2 * slowest_; }

 private:
    /// At 5 % of random errors a chance of 1 in 10^13.
    static constexpr unsigned long_enough = 10;

    unsigned length_ = 0;
    seconds slowest_{0};
};

}  // namespace stagger
