#include "redis/connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <tuple>
#include <utility>

#include "http/clock.hpp"
#include "http/tls_context.hpp"

namespace stagger::redis {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// Between two tries to connect: the first at once, then ever longer, since a store that is gone is gone for
// all.
constexpr duration shortest_pause = std::chrono::milliseconds(100);
constexpr duration longest_pause = std::chrono::seconds(2);
// How often it is looked at whether something is late, and a subscriber asks whether the store is there.
constexpr duration looks_every = std::chrono::milliseconds(250);
// What a store that reads nothing may leave unsent. A prompt may be as long as 16 MiB, an answer as 64 MiB.
constexpr std::size_t most_unsent = std::size_t{128} * 1024 * 1024;

/// By what it answers to HELLO: names and values in turn. Before 6.0 there is no such command.
bool is_too_old(const reply& hello) {
    if (hello.is_error()) return hello.text.find("unknown command") != std::string::npos;
    for (std::size_t each = 0; each + 1 < hello.items.size(); each += 2) {
        if (hello.items[each].text != "version") continue;
        int major = 0;
        int minor = 0;
        const std::string& version = hello.items[each + 1].text;
        const bool is_version = std::sscanf(version.c_str(), "%d.%d", &major, &minor) == 2;
        return is_version && (major < 6 || (major == 6 && minor < 2));
    }
    return false;
}

}  // namespace

connection::connection(io_executor executor, redis_address address, std::shared_ptr<asio::ssl::context> tls,
                       connection_user& user, duration answers_within)
    : executor_(std::move(executor)),
      address_(std::move(address)),
      tls_context_(std::move(tls)),
      user_(&user),
      answers_within_(answers_within),
      socket_(executor_),
      pause_(executor_),
      watch_(executor_) {}

void connection::start() {
    asio::co_spawn(
        executor_, [self = shared_from_this()] { return self->run(); }, asio::detached);
    asio::co_spawn(
        executor_, [self = shared_from_this()] { return self->keep_time(); }, asio::detached);
}

void connection::stop() {
    user_ = nullptr;
    pause_.cancel();
    watch_.cancel();
    close();
}

void connection::close() {
    error_code ignored;
    socket_.close(ignored);
}

connection::io connection::run() {
    duration pause = shortest_pause;
    while (user_) {
        is_late_ = false;
        is_subscriber_ = false;
        unsent_.clear();
        parser_ = std::make_unique<reply_parser>();
        opening_until_ = saturating_add(steady_now(), opens_within);
        std::string problem = co_await open();
        if (problem.empty()) problem = co_await let_in();
        opening_until_ = never;
        if (problem.empty() && user_) {
            is_up_ = true;
            pause = shortest_pause;
            user_->on_up();
            problem = co_await serve();
            is_up_ = false;
        }
        waiting_.clear();
        close();
        tls_.reset();
        if (!user_) co_return;
        if (is_late_) problem = "redis at " + host_and_port(address_.target) + " does not answer in time";
        user_->on_down(problem);
        if (!user_) co_return;
        pause_.expires_after(pause);
        co_await pause_.async_wait(with_error);
        pause = std::min(2 * pause, longest_pause);
    }
}

io_awaitable<std::string> connection::open() {
    const std::string where = "redis at " + host_and_port(address_.target) + ": ";
    asio::ip::basic_resolver<tcp, io_executor> resolver(executor_);
    const auto [unresolved, found] =
        co_await resolver.async_resolve(address_.target.host, address_.target.port, with_error);
    if (unresolved) co_return where + "looking up the host: " + unresolved.message();
    error_code error = asio::error::not_found;
    for (const auto& each : found) {
        close();
        const tcp::endpoint to = each.endpoint();
        std::tie(error) = co_await socket_.async_connect(to, with_error);
        if (!error || is_late_ || !user_) break;
    }
    if (error) co_return where + error.message();
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    if (!tls_context_) co_return std::string();
    tls_ = std::make_shared<asio::ssl::stream<io_socket&>>(socket_, *tls_context_);
    if (const error_code unprepared = prepare_tls(tls_->native_handle(), address_.target))
        co_return where + unprepared.message();
    const auto [refused] = co_await tls_->async_handshake(asio::ssl::stream_base::client, with_error);
    if (!refused) co_return std::string();
    const auto why = explain_handshake_failure(tls_->native_handle(), address_.target, refused);
    co_return where + "TLS: " + (why.message.empty() ? refused.message() : why.message);
}

/// Says who it is, and which database it wants.
io_awaitable<std::string> connection::let_in() {
    std::vector<std::vector<std::string>> commands;
    if (!address_.password.empty() && address_.user.empty()) {
        commands.push_back({"AUTH", address_.password});
    } else if (!address_.password.empty()) {
        commands.push_back({"AUTH", address_.user, address_.password});
    }
    if (address_.database != 0) commands.push_back({"SELECT", std::to_string(address_.database)});
    commands.push_back({"HELLO", "2"});  // needs no right
    commands.push_back({"PING"});
    for (const auto& each : commands) {
        write_soon(format_command(each));
        reply got;
        std::string problem = co_await next_reply(got);
        if (!problem.empty()) co_return problem;
        if (each[0] == "HELLO" && is_too_old(got)) {
            co_return "redis at " + host_and_port(address_.target) + " is older than 6.2, which is needed";
        }
        if (got.is_error()) co_return explain(got);
    }
    co_return std::string();
}

std::string connection::explain(const reply& refusal) const {
    const std::string where = "redis at " + host_and_port(address_.target);
    const std::string who = address_.user.empty() ? std::string() : " of user " + address_.user;
    if (refusal.text.starts_with("WRONGPASS")) return where + " refused the password" + who;
    if (refusal.text.starts_with("NOAUTH")) return where + " wants a password" + who;
    return where + ": " + refusal.text;
}

io_awaitable<std::string> connection::read_more() {
    error_code error;
    std::size_t count = 0;
    const auto tls = tls_;
    if (tls) {
        std::tie(error, count) = co_await tls->async_read_some(asio::buffer(in_), with_error);
    } else {
        std::tie(error, count) = co_await socket_.async_read_some(asio::buffer(in_), with_error);
    }
    if (error) {
        const bool closed = error == asio::error::eof || error == asio::error::operation_aborted;
        co_return "redis at " + host_and_port(address_.target) + ": " +
            (closed ? std::string("the connection was closed") : error.message());
    }
    parser_->feed({in_.data(), count});
    co_return std::string();
}

io_awaitable<std::string> connection::next_reply(reply& into) {
    for (;;) {
        if (auto got = parser_->next()) {
            into = std::move(*got);
            co_return std::string();
        }
        if (!parser_->problem().empty())
            co_return "redis at " + host_and_port(address_.target) +
                ": no reply of a store: " + parser_->problem();
        std::string problem = co_await read_more();
        if (!problem.empty()) co_return problem;
    }
}

io_awaitable<std::string> connection::serve() {
    for (;;) {
        reply got;
        std::string problem = co_await next_reply(got);
        if (problem.empty() && user_) problem = take(got);
        if (!problem.empty() || !user_) co_return problem;
    }
}

std::string connection::take(const reply& got) {
    if (is_subscriber_) {
        if (got.is_error()) return explain(got);
        if (got.items.empty()) return {};
        const std::string& kind = got.items[0].text;
        if (kind == "message" && got.items.size() == 3) {
            user_->on_message(got.items[1].text, got.items[2].text);
            return {};
        }
        // The others answer what was asked: subscribe, unsubscribe, pong.
    }
    if (waiting_.empty())
        return "redis at " + host_and_port(address_.target) + ": says what nobody has asked for";
    const answer then = std::move(waiting_.front().then);
    waiting_.pop_front();
    if (then) then(got);
    return {};
}

void connection::send(const std::vector<std::string>& words, answer then) {
    if (!is_up_) return;
    waiting_.push_back({steady_now(), std::move(then)});
    write_soon(format_command(words));
}

void connection::subscribe(const std::vector<std::string>& channels, answer then) {
    if (!is_up_) return;
    is_subscriber_ = true;
    pinged_at_ = steady_now();
    std::vector<std::string> words{"SUBSCRIBE"};
    words.insert(words.end(), channels.begin(), channels.end());
    for (std::size_t each = 0; each < channels.size(); ++each) waiting_.push_back({steady_now(), {}});
    waiting_.back().then = std::move(then);
    write_soon(format_command(words));
}

void connection::unsubscribe(const std::string& channel) {
    send({"UNSUBSCRIBE", channel});
}

void connection::write_soon(const std::string& bytes) {
    unsent_ += bytes;
    if (unsent_.size() > most_unsent) return close();
    if (std::exchange(is_writing_, true)) return;
    asio::co_spawn(
        executor_, [self = shared_from_this()] { return self->write(); }, asio::detached);
}

connection::io connection::write() {
    const auto tls = tls_;
    while (!unsent_.empty()) {
        const std::string bytes = std::exchange(unsent_, {});
        error_code error;
        std::size_t count = 0;
        if (tls) {
            std::tie(error, count) = co_await asio::async_write(*tls, asio::buffer(bytes), with_error);
        } else {
            std::tie(error, count) = co_await asio::async_write(socket_, asio::buffer(bytes), with_error);
        }
        if (error) break;  // reading fails as well, and says so
    }
    is_writing_ = false;
}

connection::io connection::keep_time() {
    while (user_) {
        watch_.expires_after(looks_every);
        co_await watch_.async_wait(with_error);
        const time_point now = steady_now();
        const bool is_late =
            now >= opening_until_ || (!waiting_.empty() && now - waiting_.front().since >= answers_within_);
        if (is_late) {
            is_late_ = true;
            close();
        } else if (is_up_ && is_subscriber_ && now - pinged_at_ >= answers_within_) {
            pinged_at_ = now;
            send({"PING"});
        }
    }
}

}  // namespace stagger::redis
