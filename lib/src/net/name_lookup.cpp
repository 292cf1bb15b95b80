#include "net/name_lookup.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

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
    running_ = true;
    resolver_.async_resolve(host_, port_, [self = shared_from_this()](error_code error, const auto& results) {
        self->running_ = false;
        self->error_ = name_error(error);
        self->found_.clear();
        for (const auto& entry : results) self->found_.push_back(entry.endpoint());
        if (!error) self->known_until_ = std::chrono::steady_clock::now() + kept_for;
        for (waiter* caller : self->waiting_) {
            caller->answered = true;
            caller->until.cancel();
        }
    });
}

io_awaitable<error_code> name_lookup::resolve(time_point limit, addresses& found) {
    if (std::chrono::steady_clock::now() < known_until_) {
        found = found_;
        co_return error_code();
    }
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (is_cancelled(state)) co_return error_code(errc::cancelled);
    waiter self(shared_from_this(), limit);
    if (!running_) start();
    co_await self.until.async_wait(with_error);
    if (!self.answered) {
        const bool late = std::chrono::steady_clock::now() >= limit;
        co_return error_code(late ? errc::resolve_timed_out : errc::cancelled);
    }
    found = found_;
    co_return error_;
}

}  // namespace stagger
