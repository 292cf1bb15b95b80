#pragma once

#include "core/pacing.hpp"

namespace stagger {

/// No pace at all: whoever is at the head goes, and only the bound on attempts in flight holds. Every task
/// backs off by itself, as clients without a coordinator do; kept for comparison.
class unpaced final : public pacing {
 public:
    opening next_opening(time_point now, std::size_t) override { return {now, wait_reason::none}; }
    departure on_send(time_point now, const cost& what) override {
        departure sent{sends_++, now, what.requests, sent_cost_};
        sent_cost_ += what.requests;
        return sent;
    }
    void on_accepted(time_point, const departure&, const hints&) override {}
    void on_throttled(time_point, const departure&, const hints&) override {}
    void on_failed(time_point, const departure&) override {}
    void on_abandoned(time_point, const departure&) override {}
    void describe(time_point, coordinator_status&) const override {}

 private:
    send_number sends_ = 0;
    double sent_cost_ = 0;
};

}  // namespace stagger
