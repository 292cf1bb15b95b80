#include "http/connection_pool.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <new>
#include <utility>

#include "http/clock.hpp"

namespace stagger {

namespace asio = boost::asio;

connection_pool::lease::lease(lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      connection_(std::move(other.connection_)),
      reused_(other.reused_) {}

connection_pool::lease& connection_pool::lease::operator=(lease&& other) noexcept {
    release();
    pool_ = std::exchange(other.pool_, nullptr);
    connection_ = std::move(other.connection_);
    reused_ = other.reused_;
    return *this;
}

void connection_pool::lease::release(time_point now) {
    if (auto* const pool = std::exchange(pool_, nullptr)) pool->give_back(std::move(connection_), now);
}

connection_pool::connection_pool(const io_executor& executor,
                                 std::shared_ptr<const connection_settings> settings, std::size_t most,
                                 duration keep_alive)
    : executor_(executor),
      settings_(std::move(settings)),
      most_(most),
      keep_alive_(keep_alive),
      process_(::getpid()) {}

io_awaitable<error_code> connection_pool::acquire(time_point limit, lease& leased) {
    if (leased_ >= most_) {
        const error_code error = co_await wait_for_place(limit);
        if (error) co_return error;
    } else {
        ++leased_;
    }
    leased.pool_ = this;
    // Cancelled and given a place at the same moment: the lease passes the place on.
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (is_cancelled(state)) co_return error_code(errc::cancelled);
    leased.connection_ = take_idle(steady_now());
    leased.reused_ = leased.connection_ != nullptr;
    if (leased.reused_) co_return error_code();

    leased.connection_ = connection::make(executor_, settings_);
    co_return co_await leased->open(limit);
}

io_awaitable<error_code> connection_pool::wait_for_place(time_point limit) {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (is_cancelled(state)) co_return error_code(errc::cancelled);
    if (limit <= steady_now()) co_return error_code(errc::connect_timed_out);
    waiting_caller self(executor_, limit);
    waiting_.push_back(self);
    co_await self.wait();
    if (self.called()) co_return error_code();
    co_return error_code(limit <= steady_now() ? errc::connect_timed_out : errc::cancelled);
}

bool connection_pool::take_idle(time_point now, lease& leased) {
    if (leased_ >= most_) return false;
    leased.connection_ = take_idle(now);
    if (!leased.connection_) return false;
    leased.reused_ = true;
    leased.pool_ = this;
    ++leased_;
    return true;
}

std::unique_ptr<connection> connection_pool::take_idle(time_point now) {
    if (!idle_.empty()) notice_fork();
    const time_point oldest = now - keep_alive_;
    while (!idle_.empty()) {
        idle_connection last = std::move(idle_.back());
        idle_.pop_back();
        if (last.since >= oldest && last.what->quiet_while_idle()) return std::move(last.what);
    }
    return nullptr;
}

void connection_pool::give_back(std::unique_ptr<connection> used, time_point now) {
    if (used && used->reusable() && !closed_) {
        used->rest();
        const auto young = std::find_if(idle_.begin(), idle_.end(), [&](const idle_connection& one) {
            return one.since >= now - keep_alive_;
        });
        idle_.erase(idle_.begin(), young);
        try {
            idle_.push_back({std::move(used), now});
        } catch (const std::bad_alloc&) {
            // It is closed instead.
        }
    }
    if (waiting_.empty()) {
        --leased_;
        return;
    }
    waiting_caller& next = waiting_.front();  // inherits the place
    waiting_.pop_front();
    next.call();
}

// Where nobody has told: what both processes use would hand each the other's answers. The set of epoll is the
// parent's, too, then; closed here and not there, a descriptor stays in it.
void connection_pool::notice_fork() {
    const pid_t self = ::getpid();
    if (std::exchange(process_, self) != self) idle_.clear();
}

void connection_pool::leave_to_parent() {
    process_ = ::getpid();
    for (idle_connection& one : idle_) one.what->leave_to_parent();
    idle_.clear();
}

void connection_pool::close() {
    closed_ = true;
    idle_.clear();
}

}  // namespace stagger
