#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/wait_account.hpp"
#include "core/waiting_line.hpp"
#include "stagger/decision_log.hpp"

namespace stagger {

/** @brief What a coordinator with a recorder keeps beside its state: who waits for what since when.
 *
 * It only watches; no decision depends on it. Every call costs constant time, and only `reserve` allocates.
 */
class decision_journal {
 public:
    decision_journal(std::shared_ptr<decision_recorder> to, const coordinator_options& options,
                     std::uint64_t seed, coordinator_mode begins_in);

    /// Makes room for notes about so many waiting tasks. Everything else cannot fail.
    void reserve(std::size_t waiting);

    void submitted(time_point now, const decisions::submitted& call);
    void resubmitted(time_point now, const decisions::resubmitted& call);
    void withdrawn(time_point now, task_id task, bool was_waiting);
    /// Its own wait is over, and it stands in the line.
    void released(time_point now, task_id task);
    /// @param why_accidents what retries after accidents wait for, which need not be the head's reason
    void answered(time_point now, const action& todo, wait_reason why_accidents,
                  const coordinator_view& after);
    void answering(time_point now, const decisions::answering& call, const coordinator_view& after);
    void accepted(time_point now, const decisions::accepted& call, const coordinator_view& after);
    void throttled(time_point now, const decisions::throttled& call, const coordinator_view& after);
    void failed(time_point now, permit_id permit, const coordinator_view& after);
    void abandoned(time_point now, permit_id permit, const coordinator_view& after);
    void probed_again(time_point now) { record(now, decisions::probed_again{}); }
    void expected(std::uint64_t further_requests) { expected_ = further_requests; }

 private:
    /// A waiting task: what the account said when it joined its part of the line.
    struct note {
        waiting_times before;
        duration own_delay{0};
        time_point joined{};
        bool delayed = false;
        bool after_accident = false;
    };

    void joined(time_point now, task_id task, bool after_accident, bool delayed);
    waiting_times left(time_point now, task_id task);
    wait_account& account_of(const note& task) { return task.after_accident ? accidents_ : others_; }
    note& note_of(task_id task);
    void record(time_point now, const decision& what);
    void compare_mode(time_point now, mode_cause because, const coordinator_view& after);

    std::shared_ptr<decision_recorder> to_;
    wait_account accidents_;
    wait_account others_;
    std::vector<note> notes_;  // by the task's place in the line's memory
    coordinator_mode mode_;
    std::optional<std::uint64_t> expected_;
};

}  // namespace stagger
