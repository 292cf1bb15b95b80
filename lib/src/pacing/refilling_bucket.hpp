#pragma once

#include <algorithm>

#include "base/seconds.hpp"

namespace stagger {

/// A token bucket on the client's side. Rate and capacity may change; what has been refilled until then was
/// refilled at the former rate.
class refilling_bucket {
 public:
    /// @param rate_per_s > 0; 0 only for a bucket that is never asked to be waited for
    refilling_bucket(double capacity, double rate_per_s, double left)
        : capacity_(capacity), rate_per_s_(rate_per_s), left_(left) {}

    double rate_per_s() const { return rate_per_s_; }

    /// When `amount` will be there. More than a whole bucket is there when the bucket is full.
    time_point available_at(time_point now, double amount) {
        refill(now);
        const double lacking = std::min(amount, capacity_) - left_;
        return lacking <= tolerance * capacity_ ? now : after(now, seconds(lacking / rate_per_s_));
    }
    void take(time_point now, double amount) {
        refill(now);
        left_ = std::max(0.0, left_ - amount);
    }
    void change(time_point now, double capacity, double rate_per_s) {
        refill(now);
        capacity_ = capacity;
        rate_per_s_ = rate_per_s;
        left_ = std::min(left_, capacity);
    }

 private:
    // What binary fractions lose when time is added up.
    static constexpr double tolerance = 1e-9;

    void refill(time_point now) {
        if (refilled_ != time_point::min() && now > refilled_) {
            left_ = std::min(capacity_, left_ + rate_per_s_ * seconds(now - refilled_).count());
        }
        refilled_ = std::max(refilled_, now);
    }

    double capacity_;
    double rate_per_s_;
    double left_;
    time_point refilled_ = time_point::min();
};

}  // namespace stagger
