#pragma once

#include <algorithm>

#include "base/seconds.hpp"

namespace stagger {

/** @brief Bounds how many requests are sent again after accidents.
 *
 * When a server breaks, retrying everything doubles its load at the worst moment. Each such retry spends from
 * a budget that successes refill, and a retry that succeeds gives back what it cost: where retrying helps,
 * it goes on, and where it does not, the budget is soon empty. A burst of accidents is covered by what was
 * saved. A slow drip lets retries resume after a time in which nothing succeeded. (The scheme of the AWS
 * SDKs' "standard" retry mode, with a drip.)
 */
class retry_budget {
 public:
    static constexpr double capacity = 500;
    static constexpr double retry_costs = 5;
    static constexpr double success_pays_back = 1;
    static constexpr double drip_per_s = 1;

    bool affords_retry(time_point now) {
        drip(now);
        return left_ >= retry_costs;
    }
    void spend(time_point now) {
        drip(now);
        left_ = std::max(0.0, left_ - retry_costs);
    }
    /// @param of_retry it was sent again after an accident
    void success(bool of_retry) {
        left_ = std::min(capacity, left_ + success_pays_back + (of_retry ? retry_costs : 0));
    }

    /// When the drip alone will afford the next retry.
    time_point affordable_at(time_point now) {
        drip(now);
        return after(now, seconds(std::max(0.0, retry_costs - left_) / drip_per_s));
    }

 private:
    void drip(time_point now) {
        if (left_ < capacity) {
            left_ = std::min(capacity, left_ + drip_per_s * seconds(now - dripped_).count());
        }
        dripped_ = now;
    }

    double left_ = capacity;
    time_point dripped_{};
};

}  // namespace stagger
