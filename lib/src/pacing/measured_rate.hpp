#pragma once

#include <cmath>

#include "base/seconds.hpp"

namespace stagger {

/** @brief How many answers came a second lately.
 *
 * Time is cut into half seconds. An answer in a later half second than the last measurement closes it: the
 * count, this answer included, over the whole half seconds since, weighs 0.8, what was measured before 0.2.
 *
 * Formula: boto/botocore, botocore/retries/adaptive.py, RateClocker.
 */
class measured_rate {
 public:
    static constexpr double half_seconds_per_s = 2;
    static constexpr double weight = 0.8;

    /// As there, the first measurement begins with the second that `start` lies in.
    explicit measured_rate(time_point start) : measured_until_(std::floor(in_seconds(start))) {}

    double record(time_point now) {
        ++count_;
        const double half_second = std::floor(in_seconds(now) * half_seconds_per_s) / half_seconds_per_s;
        if (half_second > measured_until_) {
            per_s_ = weight * count_ / (half_second - measured_until_) + (1 - weight) * per_s_;
            count_ = 0;
            measured_until_ = half_second;
        }
        return per_s_;
    }

    double per_s() const { return per_s_; }

 private:
    static double in_seconds(time_point at) { return seconds(at.time_since_epoch()).count(); }

    double measured_until_;
    double count_ = 0;
    double per_s_ = 0;
};

}  // namespace stagger
