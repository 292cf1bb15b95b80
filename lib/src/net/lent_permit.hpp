#pragma once

#include <mutex>
#include <utility>

#include "stagger/gate.hpp"

namespace stagger::detail {

/** @brief The leave of an attempt of `async_retry`, while the attempt runs.
 *
 * It is taken by the first of what the attempt does that asks the same gate for leave, which then reports to
 * the gate in its place; else it is taken back when the attempt has ended. Safe from any thread.
 */
class lent_permit {
 public:
    explicit lent_permit(permit leave) : leave_(std::move(leave)) {}

    /// Empty where `wanted(leave)` is false, or it is gone.
    template <class Wanted>
    permit take_if(Wanted wanted) {
        const std::lock_guard lock(mutex_);
        return leave_ && wanted(leave_) ? std::move(leave_) : permit();
    }
    permit take_back() {
        const std::lock_guard lock(mutex_);
        return std::move(leave_);
    }

 private:
    std::mutex mutex_;
    permit leave_;
};

}  // namespace stagger::detail
