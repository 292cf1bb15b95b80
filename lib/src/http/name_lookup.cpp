#include "http/name_lookup.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <new>
#include <utility>

#include "http/clock.hpp"
#include "http/out_of_memory.hpp"

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

name_lookup::name_lookup(const io_executor& executor, addresses fixed)
    : resolver_(executor), fixed_(true), found_(std::move(fixed)), known_until_(never) {}

/// What the resolver tells. Where it finds no memory for its results, this is destroyed by the exception that
/// says so, and those who wait have to hear of it; where the context is destroyed, there is nobody to tell.
class name_lookup::run {
 public:
    explicit run(std::shared_ptr<name_lookup> names) : names_(std::move(names)) {}
    run(run&&) noexcept = default;
    run& operator=(run&&) = delete;
    ~run() {
        if (names_ && names_->running_ && std::uncaught_exceptions() > 0) names_->answer(out_of_memory());
    }

    void operator()(const error_code& error, const asio::ip::basic_resolver_results<asio::ip::tcp>& results) {
        const auto names = std::move(names_);
        error_code ended = name_error(error);
        try {
            names->keep(results);
        } catch (const std::bad_alloc&) {
            ended = out_of_memory();
        }
        if (!ended) names->known_until_ = steady_now() + kept_for;
        names->answer(ended);
    }

 private:
    std::shared_ptr<name_lookup> names_;
};

void name_lookup::start() {
    resolver_.async_resolve(host_, port_, run(shared_from_this()));
    running_ = true;
}

// Asio ends its thread before a fork, and begins another one for the next look-up only; posted, since Asio's
// resolver may hear of the fork after this.
void name_lookup::go_on() {
    if (!running_) return;
    asio::post(resolver_.get_executor(), [self = shared_from_this()] {
        if (!self->running_) return;
        self->resolver_.async_resolve(self->host_, self->port_, [](const error_code&, const auto&) {});
    });
}

void name_lookup::keep(const asio::ip::basic_resolver_results<asio::ip::tcp>& results) {
    found_.clear();
    for (const auto& entry : results) found_.emplace_back(entry.endpoint());
}

void name_lookup::answer(const error_code& error) {
    running_ = false;
    error_ = error;
    while (!waiting_.empty()) {
        waiting_caller& next = waiting_.front();
        waiting_.pop_front();
        next.call();
    }
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
