#pragma once

#include <array>
#include <vector>

#include "coordinator/wait_account.hpp"
#include "coordinator/waiting_line.hpp"
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

    /// Where a task stands, as far as its reasons go: accidents and refused kinds may have their own.
    void joined(time_point now, task_id task, lane where, bool delayed);
    /// It goes on waiting in another lane.
    void moved(time_point now, task_id task, lane to);
    /// Its own wait is over, and it stands in the line.
    void released(time_point now, task_id task);
    /// @param why_accidents what retries after accidents wait for, which need not be the head's reason
    void held(time_point now, wait_reason why, wait_reason why_accidents);
    /// The same for the lane of a kind, which `held` leaves out.
    void held(time_point now, task_kind kind, wait_reason why) { account_of(lane_of(kind)).hold(now, why); }
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
        lane where = lane::first;
    };

    wait_account& account_of(lane where) {
        if (where >= lane::kinds)
            return kinds_[static_cast<std::size_t>(where) - static_cast<std::size_t>(lane::kinds)];
        return where == lane::accident ? accidents_ : others_;
    }
    note& note_of(task_id task);

    wait_account accidents_;
    wait_account others_;
    std::array<wait_account, task_kinds_told_apart> kinds_;
    std::vector<note> notes_;  // by the task's place in the line's memory
};

}  // namespace stagger
