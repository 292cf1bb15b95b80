#pragma once

#include <cmath>

#include "base/seconds.hpp"

namespace stagger {

/** @brief CUBIC, on a rate instead of a window.
 *
 * After an error at rate W the rate is 0.7 W and then 0.4 (t - K)^3 + W, t being the time since the error in
 * seconds and K = cbrt(0.3 W / 0.4): it is W again at t = K, and grows faster and faster from there.
 *
 * Formula: boto/botocore, botocore/retries/throttling.py, CubicCalculator; the window's is RFC 9438.
 */
class cubic_rate {
 public:
    static constexpr double scale = 0.4;
    static constexpr double beta = 0.7;

    explicit cubic_rate(time_point start) : last_error_(start) {}

    double after_error(time_point now, double rate_per_s) {
        highest_ = rate_per_s;
        back_at_highest_ = seconds(std::cbrt(highest_ * (1 - beta) / scale));
        last_error_ = now;
        return beta * rate_per_s;
    }
    double after_success(time_point now) const {
        const double beyond = (seconds(now - last_error_) - back_at_highest_).count();
        return scale * beyond * beyond * beyond + highest_;
    }

 private:
    double highest_ = 0;
    seconds back_at_highest_{0};
    time_point last_error_;
};

}  // namespace stagger
