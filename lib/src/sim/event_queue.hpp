#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "stagger/time.hpp"

namespace stagger::sim {

inline constexpr time_point start_of_time{};

/// Things to come, in the order of their times; those of one time in the order in which they were scheduled.
template <class Payload>
class event_queue {
 public:
    struct event {
        time_point at;
        std::uint64_t order;
        Payload what;
    };

    void schedule(time_point at, const Payload& what) {
        heap_.push_back(event{at, scheduled_++, what});
        std::push_heap(heap_.begin(), heap_.end(), later());
    }
    bool empty() const { return heap_.empty(); }
    time_point next_at() const { return heap_.empty() ? never : heap_.front().at; }
    event take() {
        std::pop_heap(heap_.begin(), heap_.end(), later());
        event first = std::move(heap_.back());
        heap_.pop_back();
        return first;
    }

 private:
    // A type, so that it is inlined: comparing is where most of a large simulation's time goes.
    struct later {
        bool operator()(const event& left, const event& right) const {
            return left.at != right.at ? left.at > right.at : left.order > right.order;
        }
    };

    std::vector<event> heap_;
    std::uint64_t scheduled_ = 0;
};

}  // namespace stagger::sim
