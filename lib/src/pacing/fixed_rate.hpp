#pragma once

#include <stdexcept>

#include "pacing/even_pace.hpp"
#include "pacing/send_counter.hpp"

namespace stagger {

/// Even pacing at exactly the rate that was told, whatever the server says: what a caller can do who knows
/// the limit. First attempts and retries have one pace, and nobody waits by himself.
class fixed_rate final : public pacing {
 public:
    /// @throws std::invalid_argument where no rate was told
    explicit fixed_rate(const coordinator_options& options) : told_(options) {
        if (options.requests_per_minute() == 0) {
            throw std::invalid_argument("requests_per_minute: must be > 0 for a fixed rate, is 0");
        }
    }

    opening next_opening(time_point, const line_view&) override {
        return {told_.next_slot(), wait_reason::pace};
    }
    departure on_send(time_point now, const cost& what) override {
        told_.sent(now, what);
        return sends_.count(now, what);
    }
    void on_accepted(time_point, const departure&, const hints&) override {}
    void on_throttled(time_point, const departure&, const hints&) override {}
    void on_settled(time_point now, double more_tokens) override { told_.settled(now, more_tokens); }
    void describe(time_point, coordinator_status& status) const override {
        status.mode = coordinator_mode::ride;
        status.pace_per_s = told_.requests_per_s();
    }

 private:
    even_pace told_;
    send_counter sends_;
};

}  // namespace stagger
