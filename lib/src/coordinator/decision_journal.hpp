#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "stagger/decision_log.hpp"

namespace stagger {

/** @brief Tells the recorder of a coordinator what that is asked, what it decides, and when its mode changes.
 *
 * It only watches; no decision depends on it. Every call costs constant time.
 */
class decision_journal {
 public:
    decision_journal(std::shared_ptr<decision_recorder> to, const coordinator_options& options,
                     std::uint64_t seed, coordinator_mode begins_in);

    void submitted(time_point now, const decisions::submitted& call) { record(now, call); }
    void resubmitted(time_point now, const decisions::resubmitted& call) { record(now, call); }
    void withdrawn(time_point now, const decisions::withdrawn& call) { record(now, call); }
    /// @param waited of the task that was admitted or has expired
    /// @param reserved_tokens for the task that was admitted, where they are a forecast
    void answered(time_point now, const action& todo, const waiting_times& waited,
                  const std::optional<double>& reserved_tokens, const coordinator_view& after);
    void answering(time_point now, const decisions::answering& call, const coordinator_view& after);
    void accepted(time_point now, const decisions::accepted& call, const coordinator_view& after);
    void throttled(time_point now, const decisions::throttled& call, const coordinator_view& after);
    void failed(time_point now, permit_id permit, const coordinator_view& after);
    void abandoned(time_point now, permit_id permit, const coordinator_view& after);
    void probed_again(time_point now) { record(now, decisions::probed_again{}); }
    void fleet_heard(time_point now, const decisions::fleet_heard& call, const coordinator_view& after);
    void fleet_said(time_point now, const decisions::fleet_said& call, const coordinator_view& after);
    void expected(std::uint64_t further_requests) { expected_ = further_requests; }

 private:
    void record(time_point now, const decision& what);
    void compare_mode(time_point now, mode_cause because, const coordinator_view& after);

    std::shared_ptr<decision_recorder> to_;
    coordinator_mode mode_;
    std::optional<std::uint64_t> expected_;
};

}  // namespace stagger
