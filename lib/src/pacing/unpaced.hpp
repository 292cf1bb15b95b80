#pragma once

#include "pacing/send_counter.hpp"

namespace stagger {

/** @brief No pace at all: every task backs off by itself, as clients without a coordinator do.
 *
 * What is bounded is the number of tasks, not of attempts: a task keeps its place while it sits out its wait,
 * as it does behind the usual semaphore around a call that retries inside.
 */
class unpaced final : public pacing {
 public:
    explicit unpaced(std::size_t places) : places_(places) {}

    opening next_opening(time_point now, const line_view& line) override {
        if (!line.head_was_sent && line.tasks_begun() >= places_) return {never, wait_reason::in_flight};
        return {now, wait_reason::none};
    }
    departure on_send(time_point now, const cost& what) override { return sends_.count(now, what); }
    void on_accepted(time_point, const departure&, const hints&) override {}
    void on_throttled(time_point, const departure&, const hints&) override {}
    void describe(time_point, coordinator_status&) const override {}

 private:
    std::size_t places_;
    send_counter sends_;
};

}  // namespace stagger
