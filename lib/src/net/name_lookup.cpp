#include "net/name_lookup.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "net/clock.hpp"

namespace stagger {

namespace asio = boost::asio;

namespace {

// Long enough to spare a burst of connections the resolver, short enough to follow a moving name.
constexpr duration kept_for = std::chrono::seconds(30);

error_code name_error(const error_code& error) {
    if (!error) return {};
    if (error == asio::error::host_not_found || error == asio::error::no_data) return errc::name_not_found;
    if (error == asio::error::service_not_found) return errc::name_not_found;
    return errc::name_server_unreachable;
}

}  // namespace

name_lookup::name_lookup(const io_executor& executor, std::string host, std::string port)
    : host_(std::move(host)), port_(std::move(port)), resolver_(executor) {}

void name_lookup::start() {
    resolver_.async_resolve(host_, port_, [self = shared_from_this()](error_code error, const auto& results) {
        self->running_ = false;
        self->error_ = name_error(error);
        self->found_.clear();
        for (const auto& entry : results) self->found_.push_back(entry.endpoint());
        if (!error) self->known_until_ = steady_now() + kept_for;
        while (!self->waiting_.empty()) {
            waiting_caller& next = self->waiting_.front();
            self->waiting_.pop_front();
            next.call();
        }
    });
    running_ = true;
}

io_awaitable<error_code> name_lookup::resolve(time_point limit, addresses& found) {
    const time_point now = steady_now();
    if (limit <= now) co_return error_code(errc::resolve_timed_out);
    if (now < known_until_) {
        found = found_;
        co_return error_code();
    }
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (is_cancelled(state)) co_return error_code(errc::cancelled);
    const auto kept = shared_from_this();
    waiting_caller self(resolver_.get_executor(), limit);
    waiting_.push_back(self);
    if (!running_) start();
    co_await self.wait();
    if (!self.called())
        co_return error_code(limit <= steady_now() ? errc::resolve_timed_out : errc::cancelled);
    found = found_;
    co_return error_;
}

}  // namespace stagger
