#pragma once

#include <array>
#include <cstddef>

#include "stagger/wait_reason.hpp"

namespace stagger {

/** @brief Adds up the waits of everybody in a line by what they wait for.
 *
 * What stands together waits for the same, so that only numbers are kept: constant time and memory, however
 * many wait.
 */
class line_waits {
 public:
    struct group {
        std::size_t tasks = 0;
        wait_reason why = wait_reason::none;
    };

    /// From now on so many tasks wait for these reasons.
    void hold(time_point now, const std::array<group, 4>& waiting) {
        add_up(now, sums_);
        waiting_ = waiting;
        since_ = now;
    }
    waiting_sums at(time_point now) const {
        waiting_sums sums = sums_;
        add_up(now, sums);
        return sums;
    }

 private:
    void add_up(time_point now, waiting_sums& sums) const {
        const std::chrono::duration<double> passed = now - since_;
        for (const group& each : waiting_) {
            if (each.tasks > 0) sums[each.why] += passed * static_cast<double>(each.tasks);
        }
    }

    waiting_sums sums_;
    std::array<group, 4> waiting_{};
    time_point since_{};
};

}  // namespace stagger
