#pragma once

#include "stagger/wait_reason.hpp"

namespace stagger {

/** @brief Adds up how long the head of a line has waited, by what for.
 *
 * Whoever stands behind the head waits for the same: the difference between two readings is the explanation
 * of any wait between them, in constant time.
 */
class wait_account {
 public:
    /// From now on the head waits for this.
    void hold(time_point now, wait_reason why) {
        advance(now);
        why_ = why;
    }
    const waiting_times& at(time_point now) {
        advance(now);
        return spent_;
    }

 private:
    void advance(time_point now) {
        if (since_ != never) spent_[why_] += now - since_;
        since_ = now;
    }

    waiting_times spent_;
    wait_reason why_ = wait_reason::none;
    time_point since_ = never;
};

}  // namespace stagger
