#pragma once

#include <cstddef>

#include "base/seconds.hpp"

namespace stagger {

/** @brief Tasks whose attempt was refused or failed, and who have not rejoined the line yet.
 *
 * A driver first reports an ending and then brings the task back; in between, a strategy that counts tasks
 * would take the place for free. A task that has ended for good looks the same, so that one counts for a
 * moment only.
 */
class returning_tasks {
 public:
    /// Drivers bring a task back at once; this is for busy machines.
    static constexpr seconds handover{0.001};

    void left(time_point now) {
        forget(now);
        ++count_;
        until_ = after(now, handover);
    }
    void rejoined() {
        if (count_ > 0) --count_;
    }
    std::size_t count(time_point now) {
        forget(now);
        return count_;
    }
    /// When those that are counted now count no more.
    time_point forgotten_at() const { return count_ > 0 ? until_ : never; }

 private:
    void forget(time_point now) {
        if (now >= until_) count_ = 0;
    }

    std::size_t count_ = 0;
    time_point until_ = time_point::min();
};

}  // namespace stagger
