#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/intrusive/list_hook.hpp>

namespace stagger::detail {

class context_watch;

/// Which process one is after a fork.
enum class fork_side { parent, child };

/** @brief What lives in an execution context, and is told when that ends or its process forks.
 *
 * Sockets, timers and strands reach into their context when they are destroyed. Whatever a caller may hold
 * for longer than the context, a client for example, lets go of them when it is told. Registered while it
 * lives.
 *
 * @par Thread safety
 * Making and destroying: safe. It is told by the thread that destroys the context, or has forked, while no
 * other one uses the context.
 */
class context_bound {
 public:
    /// @throws std::invalid_argument if the executor is empty
    explicit context_bound(const boost::asio::any_io_executor& executor);
    context_bound(const context_bound&) = delete;
    context_bound& operator=(const context_bound&) = delete;
    virtual ~context_bound();

    /// The context is being destroyed, and no handler of it will run any more. The last call.
    virtual void context_ends() noexcept = 0;
    /// `execution_context::notify_fork` was called in the process that `side` says.
    virtual void forked(fork_side side) { (void)side; }

 private:
    friend class context_watch;
    boost::intrusive::list_member_hook<> hook_;
    context_watch* watch_ = nullptr;  // null once the context has ended
};

/// @throws std::invalid_argument if it is empty
const boost::asio::any_io_executor& checked(const boost::asio::any_io_executor& executor);

}  // namespace stagger::detail
