#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

#include "stagger/coordinator.hpp"
#include "stagger/time.hpp"

namespace stagger {

/** @brief Tasks by a time of theirs, earliest first.
 *
 * A task that leaves the line early is not searched for: its entry stays until it comes to the top, or until
 * such entries outnumber the live ones, when all of them are dropped at once. So leaving is free, and memory
 * stays within twice the live entries.
 */
class timer_heap {
 public:
    /// Makes the next `push` one that cannot fail.
    void reserve_one() {
        if (entries_.size() == entries_.capacity())
            entries_.reserve(std::max<std::size_t>(16, 2 * entries_.size()));
    }

    void push(time_point at, task_id task) {
        entries_.push_back({at, task});
        std::push_heap(entries_.begin(), entries_.end(), later);
    }

    bool empty() const { return entries_.empty(); }
    time_point earliest() const { return entries_.empty() ? never : entries_.front().at; }
    task_id top() const { return entries_.front().task; }

    void pop() {
        std::pop_heap(entries_.begin(), entries_.end(), later);
        entries_.pop_back();
    }

    /// Drops dead entries from the top, and all of them once they are the majority.
    template <class IsLive>
    void tidy(std::size_t live, IsLive is_live) {
        if (live == 0) return entries_.clear();
        constexpr std::size_t worth_rebuilding = 64;
        if (entries_.size() > worth_rebuilding + 2 * live) {
            std::erase_if(entries_, [&](const entry& each) { return !is_live(each.task); });
            std::make_heap(entries_.begin(), entries_.end(), later);
        }
        while (!entries_.empty() && !is_live(entries_.front().task)) pop();
    }

    std::size_t size() const { return entries_.size(); }

 private:
    struct entry {
        time_point at;
        task_id task;
    };
    static bool later(const entry& left, const entry& right) { return left.at > right.at; }

    std::vector<entry> entries_;
};

}  // namespace stagger
