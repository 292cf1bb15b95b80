#pragma once

#include <algorithm>

#include "pacing/send_counter.hpp"

namespace stagger {

/** @brief Netflix's additive-increase limit on attempts in flight, for comparison.
 *
 * An attempt that succeeds within 5 s, and that had at least half the limit in flight with it when it left,
 * raises the limit by 1. One that is refused, or takes longer, cuts it to nine tenths, rounded down. 20 at
 * first and at least, 200 at most. Accidents change nothing. Nobody waits by himself, and Retry-After
 * is not looked at.
 *
 * Formula: Netflix/concurrency-limits, AIMDLimit.java and AbstractLimiter.java (the count in flight is taken
 * when the attempt leaves, itself included).
 */
class netflix_aimd final : public pacing {
 public:
    static constexpr std::size_t initial_limit = 20;
    static constexpr std::size_t min_limit = 20;
    static constexpr std::size_t max_limit = 200;
    static constexpr double backoff_ratio = 0.9;
    static constexpr seconds timeout{5};

    std::size_t limit() const { return limit_; }

    opening next_opening(time_point now, const line_view& line) override {
        if (line.in_flight >= limit_) return {never, wait_reason::in_flight};
        return {now, wait_reason::none};
    }
    departure on_send(time_point now, const cost& what) override { return sends_.count(now, what); }
    void on_accepted(time_point now, const departure& sent, const hints&) override {
        if (now - sent.at > timeout) {
            drop();
        } else if (2 * sent.in_flight >= limit_) {
            limit_ = std::min(limit_ + 1, max_limit);
        }
    }
    void on_throttled(time_point, const departure&, const hints&) override { drop(); }
    void describe(time_point, coordinator_status& status) const override {
        status.mode = coordinator_mode::ride;
        status.measured_window = static_cast<unsigned>(limit_);
    }

 private:
    void drop() {
        const auto cut = static_cast<std::size_t>(backoff_ratio * static_cast<double>(limit_));
        limit_ = std::max(cut, min_limit);
    }

    send_counter sends_;
    std::size_t limit_ = initial_limit;
};

}  // namespace stagger
