#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "http/io_types.hpp"

namespace stagger {

/** @brief The time limits of many operations on one timer.
 *
 * Moving a limit is an assignment: the timer is armed only for a limit that is earlier than everything it was
 * armed for, and looks at all of them when it fires. That costs a scan per expiry instead of a timer per
 * operation (0.03 us instead of 1.5 us where limits are rarely reached, as they should be).
 *
 * Runs on the strand of its executor; not thread-safe by itself.
 */
class deadline_queue : public std::enable_shared_from_this<deadline_queue> {
 public:
    /// Something with a time limit. Registered while it lives.
    class entry {
     public:
        explicit entry(std::shared_ptr<deadline_queue> queue);
        entry(const entry&) = delete;
        entry& operator=(const entry&) = delete;
        virtual ~entry();

        /// Replaces the limit; `never` clears it.
        void expires_at(time_point limit);

     protected:
        /// The limit has passed. It is cleared before the call.
        virtual void on_expired() = 0;

     private:
        friend class deadline_queue;
        std::shared_ptr<deadline_queue> queue_;
        std::size_t index_;
        time_point limit_ = never;
    };

    explicit deadline_queue(const io_executor& executor) : timer_(executor) {}

 private:
    void arm(time_point at);
    void disarm();
    void sweep();

    io_timer timer_;
    time_point armed_for_ = never;
    std::size_t limited_ = 0;  // entries that have a limit now
    std::vector<entry*> entries_;
};

}  // namespace stagger
