#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "pacing/even_pace.hpp"
#include "pacing/pacing.hpp"

namespace stagger {

/// A strategy that knows of no told limits, kept within them.
class within_told_limits final : public pacing {
 public:
    within_told_limits(const coordinator_options& options, std::unique_ptr<pacing> inner)
        : told_(options), inner_(std::move(inner)) {}

    opening next_opening(time_point now, const line_view& line) override {
        const opening inner = inner_->next_opening(now, line);
        return told_.next_slot() > inner.at ? opening{told_.next_slot(), wait_reason::pace} : inner;
    }
    departure on_send(time_point now, const cost& what) override {
        told_.sent(now, what);
        return inner_->on_send(now, what);
    }
    void on_accepted(time_point now, const departure& sent, const hints& said) override {
        inner_->on_accepted(now, sent, said);
    }
    void on_answering(time_point now, const departure& sent, const hints& said) override {
        inner_->on_answering(now, sent, said);
    }
    void on_answered(time_point now, const departure& sent) override { inner_->on_answered(now, sent); }
    void on_throttled(time_point now, const departure& sent, const hints& said) override {
        inner_->on_throttled(now, sent, said);
    }
    hints believed(time_point now, const departure& sent, const hints& said) override {
        return inner_->believed(now, sent, said);
    }
    void on_failed(time_point now, const departure& sent) override { inner_->on_failed(now, sent); }
    void on_abandoned(time_point now, const departure& sent) override { inner_->on_abandoned(now, sent); }
    void on_unsent(time_point now, const departure& sent) override { inner_->on_unsent(now, sent); }
    void on_settled(time_point now, double more_tokens) override { told_.settled(now, more_tokens); }
    void describe(time_point now, coordinator_status& status) const override {
        inner_->describe(now, status);
        if (std::isinf(told_.requests_per_s())) return;
        const bool has_pace = status.pace_per_s > 0;
        status.pace_per_s =
            has_pace ? std::min(status.pace_per_s, told_.requests_per_s()) : told_.requests_per_s();
    }

 private:
    even_pace told_;
    std::unique_ptr<pacing> inner_;
};

}  // namespace stagger
