#pragma once

#include <vector>

#include "core/wait_account.hpp"
#include "stagger/coordinator.hpp"

namespace stagger {

/** @brief Who waits for what since when: what a coordinator keeps beside its line to explain every wait.
 *
 * It only watches; no decision depends on it. Every call costs constant time, and only `reserve` allocates.
 */
class wait_notes {
 public:
    /// Makes room for notes about tasks in so many places of the line. Everything else cannot fail.
    void reserve(std::size_t places);

    void joined(time_point now, task_id task, retry_cause cause, bool delayed);
    /// Its own wait is over, and it stands in the line.
    void released(time_point now, task_id task);
    /// @param why_accidents what retries after accidents wait for, which need not be the head's reason
    void held(time_point now, wait_reason why, wait_reason why_accidents);
    /// The task leaves the line: what it waited for.
    waiting_times left(time_point now, task_id task);

 private:
    /// A waiting task: what the account said when it joined its part of the line.
    struct note {
        waiting_times before;
        duration own_delay{0};
        time_point joined{};
        bool made = false;  // no: the task joined before anybody asked
        bool delayed = false;
        bool after_accident = false;
    };

    wait_account& account_of(const note& task) { return task.after_accident ? accidents_ : others_; }
    note& note_of(task_id task);

    wait_account accidents_;
    wait_account others_;
    std::vector<note> notes_;  // by the task's place in the line's memory
};

}  // namespace stagger
