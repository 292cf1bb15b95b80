#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/slot_map.hpp"
#include "coordinator/refused_kinds.hpp"
#include "coordinator/timer_heap.hpp"
#include "stagger/coordinator.hpp"
#include "stagger/priority.hpp"
#include "stagger/time.hpp"

namespace stagger {

/// Where a task stands. Retries stand before first attempts; accidents are apart because a budget bounds
/// them. Who was refused more than once stands `aside`, so that the others get their turn. First attempts
/// have a lane for each class, `first` that of `priority::normal`. The lanes behind `kinds` belong to one
/// kind of task each, see `lane_of`.
enum class lane : std::uint8_t { accident, throttled, aside, first_interactive, first, first_batch, kinds };

/// Where first attempts of a class stand.
inline lane first_lane_of(priority in) {
    return static_cast<lane>(static_cast<std::size_t>(lane::first_interactive) +
                             static_cast<std::size_t>(in));
}
inline bool is_of_first_attempts(lane where) {
    return where >= lane::first_interactive && where <= lane::first_batch;
}
/// Of a lane of first attempts.
inline priority class_of(lane where) {
    return priorities[static_cast<std::size_t>(where) - static_cast<std::size_t>(lane::first_interactive)];
}

/// Where the tasks of a kind wait that is refused as a whole.
inline lane lane_of(task_kind kind) {
    return static_cast<lane>(static_cast<std::size_t>(lane::kinds) + refused_kinds::place(kind));
}

/** @brief Everyone who waits for leave to send.
 *
 * First-in-first-out lanes of linked entries in one vector, so that joining, looking at a front and
 * leaving take constant time. A task with a wait of its own sits in a heap until that is over and then joins
 * its lane; retries have lanes of their own, so joining theirs puts them before every first attempt.
 * Deadlines sit in a second heap.
 */
class waiting_line {
 public:
    /// Who joins.
    struct newcomer {
        cost what;
        time_point deadline = never;
        task_kind kind{};
        bool was_sent = false;  ///< this is not its first attempt
    };

    task_id join(lane where, const newcomer& joining, time_point not_before = time_point::min());

    /// False if the task does not wait any more.
    bool leave(task_id task);

    /// A task whose deadline has passed leaves the line.
    std::optional<task_id> take_expired(time_point now);
    /// A task whose own wait is over joins its lane.
    std::optional<task_id> release_due(time_point now);

    bool has_front(lane where) const { return ends_of(where).first != none; }
    /// The next of a lane.
    std::optional<task_id> front(lane where) const {
        const place first = ends_of(where).first;
        if (first == none) return std::nullopt;
        return task_id{tasks_.key_of(first)};
    }
    /// Of a lane that is not empty.
    const cost& cost_of_front(lane where) const { return tasks_.at(ends_of(where).first).what; }
    task_kind kind_of_front(lane where) const { return tasks_.at(ends_of(where).first).kind; }
    bool front_was_sent(lane where) const { return tasks_.at(ends_of(where).first).was_sent; }
    void leave_front(lane where) { remove(ends_of(where).first); }
    /// The front of a lane goes to the end of the lane of its kind. Which task that was.
    task_id move_front_to_its_kind(lane from);

    /// When `take_expired` or `release_due` next has something to do.
    time_point next_timer() const { return std::min(deadlines_.earliest(), own_waits_.earliest()); }
    std::size_t size() const { return tasks_.size(); }
    /// Tasks in a lane, those excluded that sit out a wait of their own.
    std::size_t standing(lane where) const { return lanes_[static_cast<std::size_t>(where)].size; }
    /// Tasks in the lanes of kinds.
    std::size_t standing_by_kind() const { return standing_by_kind_; }
    /// One more than the highest place in memory that a task had: what is kept beside the line needs as much
    /// room.
    std::size_t places() const { return tasks_.places(); }
    /// Tasks that sit out a wait of their own.
    std::size_t delayed() const { return delayed_; }
    /// Tasks that are not for the first time here.
    std::size_t retries() const { return retries_; }

 private:
    using place = slot_map<int>::place;
    static constexpr place none = slot_map<int>::none;
    struct entry {
        cost what;
        place before = none;
        place after = none;
        task_kind kind;
        lane where;
        bool was_sent : 1;
        bool has_deadline : 1;
        bool delayed : 1;
    };
    struct ends {
        place first = none;
        place last = none;
        std::size_t size = 0;
    };

    const ends& ends_of(lane where) const { return lanes_[static_cast<std::size_t>(where)]; }
    ends& ends_of(lane where) { return lanes_[static_cast<std::size_t>(where)]; }
    void link(place at);
    void unlink(const entry& leaving) {
        ends& line = ends_of(leaving.where);
        (leaving.before == none ? line.first : tasks_.at(leaving.before).after) = leaving.after;
        (leaving.after == none ? line.last : tasks_.at(leaving.after).before) = leaving.before;
        --line.size;
        if (leaving.where >= lane::kinds) --standing_by_kind_;
    }
    void remove(place at) {
        const entry& leaving = tasks_.at(at);
        if (leaving.was_sent) --retries_;
        if (!leaving.delayed) unlink(leaving);
        tasks_.erase_at(at);  // it stays readable
        if (leaving.delayed || leaving.has_deadline) forget_times(leaving);
    }
    void forget_times(const entry& left);
    void tidy_own_waits();
    bool waits(task_id task) const { return tasks_.find(static_cast<std::uint64_t>(task)) != nullptr; }

    slot_map<entry> tasks_;
    std::array<ends, static_cast<std::size_t>(lane::kinds) + task_kinds_told_apart> lanes_;
    timer_heap own_waits_;
    timer_heap deadlines_;
    std::size_t standing_by_kind_ = 0;
    std::size_t delayed_ = 0;
    std::size_t retries_ = 0;
    std::size_t with_deadline_ = 0;
};

}  // namespace stagger
