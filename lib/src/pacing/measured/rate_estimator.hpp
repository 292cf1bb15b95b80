#pragma once

#include <optional>

#include "pacing/measured/send_log.hpp"

namespace stagger {

/// What the rejections say about the limit, up to one of them.
struct estimate {
    std::optional<double> precise;  ///< over about 1/probing admitted requests
    std::optional<double> quick;    ///< over the shortest span that means anything
    double admitted = 0;            ///< in the longest span looked at
    seconds span{0};
};

/** @brief The limit, measured from rejections.
 *
 * A rejection says that the server's allowance was used up at that moment. Between two of them it admitted
 * what its limit let through, give or take one request: so the cost admitted between two onsets, over the
 * time between, is the limit, and 100 admitted requests give it to 1 %. Latency does not enter. Onsets before
 * the barrier belong to another limit, or to a ramp that mixed several rates, and are left out. After the
 * closed time of a window the admission that ended it stands for the first onset: the allowance begins anew
 * there, and nothing was refilled before.
 */
class rate_estimator {
 public:
    /// Fewer admitted requests than this say too little: 20 give the rate to 5 %.
    static constexpr double least_admitted = 20;

    explicit rate_estimator(double probing) : enough_admitted_(1 / probing) {}

    estimate up_to(const send_log& log, const departure& rejected) const;

    /// From now on only onsets from this send on count.
    void forget_before(send_number barrier) {
        barrier_ = barrier;
        reopened_.reset();
    }
    /// A closed time ended with this admission.
    void measure_from(const departure& reopened) {
        barrier_ = reopened.number;
        reopened_ = reopened;
    }

 private:
    double enough_admitted_;
    send_number barrier_ = 0;
    std::optional<departure> reopened_;
};

}  // namespace stagger
