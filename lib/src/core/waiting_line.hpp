#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/slot_map.hpp"
#include "core/timer_heap.hpp"
#include "stagger/coordinator.hpp"
#include "stagger/time.hpp"

namespace stagger {

/// Where a task stands. Retries stand before first attempts; accidents are apart because a budget bounds
/// them.
enum class lane : std::uint8_t { accident, throttled, first };

/** @brief Everyone who waits for leave to send.
 *
 * Three first-in-first-out lanes of linked entries in one vector, so that joining, looking at a front and
 * leaving take constant time. A task with a wait of its own sits in a heap until that is over and then joins
 * its lane; retries have lanes of their own, so joining theirs puts them before every first attempt.
 * Deadlines sit in a second heap.
 */
class waiting_line {
 public:
    task_id join(lane where, const cost& what, time_point deadline,
                 time_point not_before = time_point::min());

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
    void leave_front(lane where) { remove(ends_of(where).first); }

    /// When `take_expired` or `release_due` next has something to do.
    time_point next_timer() const { return std::min(deadlines_.earliest(), own_waits_.earliest()); }
    std::size_t size() const { return tasks_.size(); }
    /// Tasks in a lane, those excluded that sit out a wait of their own.
    std::size_t standing(lane where) const { return lanes_[static_cast<std::size_t>(where)].size; }
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
        lane where;
        bool has_deadline;
        bool delayed;
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
    }
    void remove(place at) {
        const entry& leaving = tasks_.at(at);
        if (leaving.where != lane::first) --retries_;
        if (!leaving.delayed) unlink(leaving);
        tasks_.erase_at(at);  // it stays readable
        if (leaving.delayed || leaving.has_deadline) forget_times(leaving);
    }
    void forget_times(const entry& left);
    void tidy_own_waits();
    bool waits(task_id task) const { return tasks_.find(static_cast<std::uint64_t>(task)) != nullptr; }

    slot_map<entry> tasks_;
    std::array<ends, 3> lanes_;
    timer_heap own_waits_;
    timer_heap deadlines_;
    std::size_t delayed_ = 0;
    std::size_t retries_ = 0;
    std::size_t with_deadline_ = 0;
};

}  // namespace stagger
