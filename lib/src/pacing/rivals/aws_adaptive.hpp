#pragma once

#include <optional>

#include "pacing/measured_rate.hpp"
#include "pacing/refilling_bucket.hpp"
#include "pacing/rivals/cubic_rate.hpp"
#include "pacing/unpaced.hpp"

namespace stagger {

/** @brief The "adaptive" retry mode of the AWS SDKs, for comparison.
 *
 * Until the first rejection there is no pace. Each rejection and each success then sets the rate of a token
 * bucket on the client's side: `cubic_rate`, at most twice the rate of answers, at least 0.5/s; the bucket
 * holds a second's worth, at least 1. A rejection cuts the lower of the measured rate and the bucket's. Each
 * task beside that has a wait of its own (`send_policy`) and keeps its place meanwhile, as a worker thread
 * would. Retry-After is not looked at.
 *
 * Formula: boto/botocore, botocore/retries/adaptive.py (ClientRateLimiter) and bucket.py (TokenBucket).
 */
class aws_adaptive final : public pacing {
 public:
    static constexpr double most_over_measured = 2;
    static constexpr double least_per_s = 0.5;

    explicit aws_adaptive(std::size_t places) : tasks_(places) {}

    opening next_opening(time_point now, const line_view& line) override;
    departure on_send(time_point now, const cost& what) override;
    void on_accepted(time_point now, const departure& sent, const hints&) override;
    void on_throttled(time_point now, const departure& sent, const hints&) override;
    /// Any answer but a rejection counts as a success there.
    void on_failed(time_point now, const departure& sent) override { on_accepted(now, sent, {}); }
    void describe(time_point now, coordinator_status& status) const override;

 private:
    struct rates {
        explicit rates(time_point start) : wanted(start), measured(start) {}
        cubic_rate wanted;
        measured_rate measured;
    };

    void set_rate(time_point now, double wanted_per_s);

    unpaced tasks_;
    std::optional<rates> rates_;  ///< since the first send
    refilling_bucket bucket_{1, 1, 0};
    bool paces_ = false;
};

}  // namespace stagger
