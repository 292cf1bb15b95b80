#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <memory>
#include <vector>

#include "http/io_types.hpp"
#include "net/running_operation.hpp"
#include "stagger/error.hpp"

namespace stagger::detail {

/// The requests of a client that have begun and not ended, and whoever waits for the last of them. Used on
/// the client's strand.
class running_operations {
 public:
    using drain_handler = boost::asio::any_completion_handler<void(error_code, std::size_t)>;

    running_operations(const boost::asio::any_io_executor& executor, const io_executor& strand)
        : executor_(executor), strand_(strand) {}

    void insert(running_operation& task) { tasks_.push_back(task); }
    /// Where it is not there, nothing happens.
    void erase(running_operation& task);
    /// Every task is to end with `why`; they leave later. How many there are.
    std::size_t stop_all(errc why);
    /// As running_operation has it, for all of them.
    void context_ends() noexcept;
    void leave_to_parent() noexcept;
    /// As running_operation has it.
    void step_aside() {
        for (running_operation& task : tasks_) task.step_aside();
    }

    /// Waits until no task is left, and stops those that are left after `limit`. `owner` keeps *this alive.
    void drain(const std::shared_ptr<running_operations>& owner, duration limit, drain_handler handler);

 private:
    struct waiting {
        waiting(drain_handler told, boost::asio::any_completion_executor on, const io_executor& strand)
            : handler(std::move(told)), executor(std::move(on)), until(strand) {}
        drain_handler handler;
        boost::asio::any_completion_executor executor;
        io_timer until;
        std::size_t stopped = 0;
    };
    void wait(const std::shared_ptr<running_operations>& owner, const std::shared_ptr<waiting>& who);

    boost::asio::any_io_executor executor_;
    io_executor strand_;
    boost::intrusive::list<running_operation, boost::intrusive::constant_time_size<false>> tasks_;
    std::vector<std::weak_ptr<waiting>>
        waiting_;  // owned by the wait on their timer, and gone with its context
};

}  // namespace stagger::detail
