#include "net/running_operations.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "http/complete_later.hpp"

namespace stagger::detail {

namespace asio = boost::asio;

void running_operations::erase(running_operation& task) {
    if (!task.is_linked()) return;
    tasks_.erase(tasks_.iterator_to(task));
    if (!tasks_.empty()) return;
    for (const auto& weak : std::exchange(waiting_, {})) {
        if (const auto who = weak.lock()) who->until.cancel();
    }
}

// A task that stops leaves the set, but only after this loop: its end is posted.
std::size_t running_operations::stop_all(errc why) {
    for (running_operation& task : tasks_) task.stop(why);
    return tasks_.size();
}

// Each may be destroyed by what it is told.
void running_operations::context_ends() noexcept {
    while (!tasks_.empty()) {
        running_operation& first = tasks_.front();
        tasks_.pop_front();
        first.context_ends();
    }
}

void running_operations::leave_to_parent() noexcept {
    for (running_operation& task : tasks_) task.leave_to_parent();
}

void running_operations::drain(const std::shared_ptr<running_operations>& owner, duration limit,
                               drain_handler handler) {
    auto executor = executor_of_handler(asio::get_associated_executor(handler, executor_), executor_);
    const auto who = std::make_shared<waiting>(std::move(handler), std::move(executor), strand_);
    auto slot = asio::get_associated_cancellation_slot(who->handler);
    if (slot.is_connected()) {
        slot.assign([weak = std::weak_ptr(who), strand = strand_](asio::cancellation_type) {
            asio::post(strand, [weak] {
                if (const auto waits = weak.lock()) waits->until.cancel();
            });
        });
    }
    waiting_.push_back(who);
    who->until.expires_at(saturating_add(std::chrono::steady_clock::now(), limit));
    wait(owner, who);
    if (tasks_.empty()) who->until.cancel();
}

// The limit has passed, the caller has cancelled, or the last task has left: the set tells which.
void running_operations::wait(const std::shared_ptr<running_operations>& owner,
                              const std::shared_ptr<waiting>& who) {
    who->until.async_wait([owner, who](const error_code&) {
        if (!owner->tasks_.empty()) {
            if (who->stopped == 0) who->stopped = owner->stop_all(errc::shut_down);
            who->until.expires_at(never);
            return owner->wait(owner, who);
        }
        complete_later(owner->executor_, who->executor, std::move(who->handler), error_code(), who->stopped);
    });
}

}  // namespace stagger::detail
