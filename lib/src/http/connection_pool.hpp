#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "http/clock.hpp"
#include "http/connection.hpp"
#include "http/io_types.hpp"
#include "http/waiting_list.hpp"

namespace stagger {

/** @brief The connections of a client: a bound on their number, and idle ones kept for reuse.
 *
 * The connection used last is reused first, so that the others can grow old. A connection that closed or
 * spoke while it was idle is dropped, never trusted with a request. Runs on the strand of its client.
 */
class connection_pool {
 public:
    connection_pool(const io_executor& executor, std::shared_ptr<const connection_settings> settings,
                    std::size_t most, duration keep_alive);

    /// Gives back what it leased when it goes out of scope: to the pool if reusable, else closed.
    class lease {
     public:
        lease() = default;
        lease(lease&& other) noexcept;
        lease& operator=(lease&& other) noexcept;
        ~lease() { release(); }

        /// Gives it back now.
        void release() {
            if (pool_) release(steady_now());
        }
        void release(time_point now);

        connection& operator*() const { return *connection_; }
        connection* operator->() const { return connection_.get(); }
        explicit operator bool() const { return connection_ != nullptr; }
        /// It was there already, from an earlier exchange.
        bool reused() const { return reused_; }

     private:
        friend class connection_pool;
        connection_pool* pool_ = nullptr;
        std::unique_ptr<connection> connection_;
        bool reused_ = false;
    };

    /// An idle connection, if there is one and a place is free: what needs no waiting needs no coroutine.
    bool take_idle(time_point now, lease& leased);
    /// An open connection: an idle one, or a new one, or, where as many as allowed are leased, the next one
    /// that is given back. After an error `leased` has the connection that could not be opened, if it came to
    /// that.
    io_awaitable<error_code> acquire(time_point limit, lease& leased);
    /// The process has forked: goes on with a look-up that the fork has held up.
    void look_up_again() { settings_->names->go_on(); }
    /// In the child of a process that forked: idle connections are the parent's.
    void leave_to_parent();
    /// Closes idle connections; leased ones are closed when they come back.
    void close();

 private:
    std::unique_ptr<connection> take_idle(time_point now);
    void notice_fork();
    void give_back(std::unique_ptr<connection> used, time_point now);
    io_awaitable<error_code> wait_for_place(time_point limit);

    struct idle_connection {
        std::unique_ptr<connection> what;
        time_point since;
    };

    io_executor executor_;
    std::shared_ptr<const connection_settings> settings_;
    std::size_t most_;
    duration keep_alive_;
    std::size_t leased_ = 0;
    bool closed_ = false;
    pid_t process_;                      // whose connections they are
    std::vector<idle_connection> idle_;  // the one used last is at the back
    waiting_list waiting_;               // for a place
};

}  // namespace stagger
