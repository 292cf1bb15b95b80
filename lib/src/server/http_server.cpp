#include "server/http_server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <exception>
#include <utility>
#include <vector>

#include "http/clock.hpp"
#include "server/server_core.hpp"
#include "server/session.hpp"

namespace stagger::http_server {

namespace asio = boost::asio;

namespace {

constexpr duration accept_pause = std::chrono::milliseconds(50);  // when descriptors have run out
// How late a passed limit may be noticed: a quarter of the shortest, within these.
constexpr duration shortest_sweep = std::chrono::milliseconds(5);
constexpr duration longest_sweep = std::chrono::seconds(1);

duration sweep_period(const bounds& allowed) {
    const duration shortest =
        std::min({allowed.idle_time, allowed.head_time, allowed.whole_time, allowed.answer_time});
    return std::clamp<duration>(shortest / 4, shortest_sweep, longest_sweep);
}

void rethrow(const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
}

asio::ip::tcp protocol_of(int listening) {
    sockaddr_storage name{};
    socklen_t length = sizeof(name);
    if (getsockname(listening, reinterpret_cast<sockaddr*>(&name), &length) != 0)
        throw boost::system::system_error(errno, boost::system::system_category());
    return name.ss_family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
}

}  // namespace

server::core::core(acceptor_type listening, const bounds& chosen, std::shared_ptr<service> served)
    : executor(listening.get_executor()),
      allowed(chosen),
      what(std::move(served)),
      acceptor(std::move(listening)),
      local(acceptor.local_endpoint()),
      sweeping_(executor) {}

void server::core::start() {
    asio::co_spawn(executor, accept_all(),
                   [self = shared_from_this()](const std::exception_ptr& failure) { rethrow(failure); });
    sweep_later();
}

void server::core::add(session& one) {
    sessions_.insert(&one);
    what->connected();
}

void server::core::remove(session& one) {
    sessions_.erase(&one);
    what->disconnected();
    if (draining_ && sessions_.empty()) end_drain();
}

io_awaitable<void> server::core::accept_all() {
    io_timer pause(executor);
    while (acceptor.is_open()) {
        auto [error, socket] = co_await acceptor.async_accept(with_error);
        if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
        if (error) {
            pause.expires_after(accept_pause);
            co_await pause.async_wait(with_error);
            continue;
        }
        if (sessions_.size() >= allowed.connections) continue;  // closed at once
        const auto one = std::make_shared<session>(shared_from_this(), std::move(socket));
        asio::co_spawn(executor, one->run(), [one](const std::exception_ptr& failure) { rethrow(failure); });
    }
}

void server::core::sweep_later() {
    sweeping_.expires_after(sweep_period(allowed));
    sweeping_.async_wait([self = shared_from_this()](const error_code& error) {
        if (error || self->closed_) return;
        const time_point now = steady_now();
        const bool all = self->drain_limit_ <= now;
        for (session* one : self->sessions_) {
            if (all || one->overdue(now)) one->close();
        }
        self->sweep_later();
    });
}

void server::core::close() {
    error_code ignored;
    acceptor.close(ignored);
    closed_ = true;
    sweeping_.cancel();
    for (session* one : sessions_) one->close();
}

void server::core::drain(duration limit, std::function<void()> done) {
    error_code ignored;
    acceptor.close(ignored);
    draining_ = true;
    drain_limit_ = saturating_add(steady_now(), limit);
    drained_ = std::move(done);
    if (sessions_.empty()) return end_drain();
    for (session* one : sessions_) {
        if (one->is_idle()) one->close();
    }
}

void server::core::end_drain() {
    if (!drained_) return;
    closed_ = true;
    sweeping_.cancel();
    asio::post(executor, std::exchange(drained_, nullptr));
}

server::server(const io_executor& executor, const asio::ip::tcp::endpoint& where, const bounds& allowed,
               std::shared_ptr<service> what)
    : core_(std::make_shared<core>(core::acceptor_type(executor, where), allowed, std::move(what))) {
    core_->start();
}

server::server(const io_executor& executor, int listening, const bounds& allowed,
               std::shared_ptr<service> what)
    : core_(std::make_shared<core>(core::acceptor_type(executor, protocol_of(listening), listening), allowed,
                                   std::move(what))) {
    core_->start();
}

server::~server() {
    close();
}

std::uint16_t server::port() const {
    return core_->local.port();
}

bool server::is_on_loopback() const {
    return core_->local.address().is_loopback();
}

std::string server::address() const {
    const std::string host = core_->local.address().to_string();
    const std::string shown = core_->local.address().is_v6() ? "[" + host + "]" : host;
    return shown + ":" + std::to_string(core_->local.port());
}

void server::close() {
    asio::post(core_->executor, [self = core_] { self->close(); });
}

void server::drain(duration limit, std::function<void()> done) {
    asio::post(core_->executor, [self = core_, limit, done = std::move(done)]() mutable {
        self->drain(limit, std::move(done));
    });
}

}  // namespace stagger::http_server
