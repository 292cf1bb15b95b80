#pragma once

#include "base/seconds.hpp"
#include "pacing/send_counter.hpp"

namespace stagger {

/** @brief inspect_ai's adaptive connections, for comparison.
 *
 * A limit on tasks begun: one that sits out its wait (`send_policy`) keeps its place. 20 at first, at least
 * 10, at most 100. A round is as many clean successes (first attempts) as the limit says, at least 4; at its
 * end the limit doubles, or after the first rejection ever grows by 5 %, unless the tasks begun stayed below
 * 80 % of it. A rejection spoils the round and cuts the limit to 80 %, at most once in 15 s or the server's
 * Retry-After, if that is longer; meanwhile successes do not count. From 10 on limits are multiples of 5,
 * rounded up when growing and down when cut. Other failures only keep their task's success from counting.
 *
 * Formula and constants: UKGovernmentBEIS/inspect_ai, src/inspect_ai/util/_concurrency.py,
 * AdaptiveConcurrency and AdaptiveConcurrencyController, the default of each model as of August 2026 (the
 * least limit was 4 before, and the mode an option).
 */
class inspect_adaptive final : public pacing {
 public:
    static constexpr std::size_t start_limit = 20;
    static constexpr std::size_t min_limit = 10;
    static constexpr std::size_t max_limit = 100;
    static constexpr std::size_t shortest_round = 4;
    static constexpr double decrease_factor = 0.8;
    static constexpr double scale_up_fraction = 0.05;
    static constexpr double saturation = 0.8;
    static constexpr seconds cooldown{15};

    std::size_t limit() const { return limit_; }

    opening next_opening(time_point now, const line_view& line) override;
    departure on_send(time_point now, const cost& what) override;
    void on_accepted(time_point now, const departure& sent, const hints&) override;
    void on_throttled(time_point now, const departure& sent, const hints& said) override;
    void describe(time_point now, coordinator_status& status) const override;

 private:
    bool cooling_down(time_point now) const { return now < cooldown_until_; }
    void start_round() { clean_successes_ = most_begun_ = 0; }
    void grow();

    send_counter sends_;
    std::size_t limit_ = start_limit;
    std::size_t clean_successes_ = 0;  ///< in this round
    std::size_t most_begun_ = 0;       ///< in this round
    /// Tasks, once the head of the line has gone; 0: the head is no new one.
    std::size_t begun_with_head_ = 0;
    bool ever_refused_ = false;
    time_point cooldown_until_ = time_point::min();
};

}  // namespace stagger
