#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "http/clock.hpp"
#include "http/connection.hpp"
#include "support/completing.hpp"
#include "support/raw_peer.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

const time_point passed = time_point::min();

/// Notes what becomes of each step.
class listener final : public connection_user {
 public:
    void on_sent(const error_code& error) override { sent = error; }
    void on_read(const error_code& error) override { read = error; }

    std::optional<error_code> sent;
    std::optional<error_code> read;
};

/// A connection to a peer that keeps what it hears, and answers only if it is told to.
class peer_link {
 public:
    explicit peer_link(const std::string& answer = "")
        : peer(context, [this, answer](raw_peer::socket& one, std::size_t) { return listen(one, answer); }) {
        const std::string url = peer.url();
        settings->target = parse_endpoint(url);
        settings->resolve_timeout = settings->connect_timeout = settings->handshake_timeout =
            settings->send_timeout = std::chrono::hours(1);
        settings->max_header_bytes = settings->max_body_bytes = 1 << 16;
        settings->names = std::make_shared<name_lookup>(context.get_executor(), settings->target.host,
                                                        settings->target.port);
        settings->deadlines = std::make_shared<deadline_queue>(context.get_executor());
        settings->memory =
            std::make_shared<answer_memory>(settings->deadlines, std::size_t{1} << 20, std::size_t{1} << 20);
    }

    error_code open(time_point limit = never) {
        used = connection::make(context.get_executor(), settings);
        std::optional<error_code> opened;
        asio::co_spawn(io_executor(context.get_executor()), used->open(limit),
                       [&](std::exception_ptr, error_code error) { opened = error; });
        while (!opened && context.run_one() != 0) continue;
        poll();
        return opened.value();
    }
    void poll() {
        context.restart();
        while (context.poll() != 0) context.restart();
    }

    asio::io_context context;
    std::string heard;
    raw_peer peer;
    std::shared_ptr<connection_settings> settings = std::make_shared<connection_settings>();
    std::unique_ptr<connection> used;
    std::shared_ptr<listener> user = std::make_shared<listener>();

 private:
    asio::awaitable<void> listen(raw_peer::socket& one, std::string answer) {
        char piece[4096];
        const auto buffer = asio::buffer(piece);
        for (;;) {
            const auto [error, count] = co_await one.async_read_some(buffer, asio::as_tuple(asio::deferred));
            if (error) co_return;
            heard.append(piece, count);
            if (!answer.empty()) co_await say(one, answer);
        }
    }
};

}  // namespace

TEST_CASE("a connection: no name is looked up, and nobody is connected to, past the limit") {
    peer_link one;
    CHECK(one.open(passed) == errc::resolve_timed_out);
    CHECK(one.used->phase() == request_phase::resolving);
    one.settings->connect_timeout = duration::zero();
    CHECK(one.open() == errc::connect_timed_out);
    CHECK(one.used->phase() == request_phase::connecting);
    CHECK(one.used->problem().find("127.0.0.1") != std::string::npos);
    CHECK(one.peer.connections() == 0);
    // The addresses are known by now.
    CHECK(one.open(passed) == errc::resolve_timed_out);
}

TEST_CASE("a connection: no handshake begins past its limit") {
    peer_link one;
    one.settings->target.tls = true;
    one.settings->tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    one.settings->handshake_timeout = duration::zero();
    CHECK(one.open() == errc::handshake_timed_out);
    CHECK(one.used->phase() == request_phase::shaking_hands);
    CHECK_FALSE(one.used->problem().empty());
    CHECK(one.peer.connections() == 1);
    CHECK(one.heard.empty());
}

TEST_CASE("a connection: nothing is sent, and nothing waited for, past the limit") {
    peer_link one;
    REQUIRE_FALSE(one.open());
    SUBCASE("sending") {
        one.used->send(one.user, "a request", steady_now(), passed);
        one.poll();
        CHECK(one.user->sent == error_code(errc::send_timed_out));
        CHECK(one.used->phase() == request_phase::sending);
        CHECK(one.heard.empty());
    }
    SUBCASE("sending what the system does not take at once") {
        one.settings->send_timeout = duration::zero();
        one.used->send(one.user, std::string(32 << 20, 'a'), steady_now(), never);
        CHECK(one.user->sent == error_code(errc::send_timed_out));
    }
    SUBCASE("awaiting the answer") {
        one.used->send(one.user, "a request", steady_now(), never);
        one.used->read_head(one.user, passed);
        one.poll();
        CHECK(one.user->read == error_code(errc::answer_timed_out));
        CHECK(one.used->phase() == request_phase::awaiting_answer);
        CHECK(one.heard == "a request");
    }
    CHECK_FALSE(one.used->problem().empty());
    CHECK_FALSE(one.used->reusable());
}

TEST_CASE("a connection: what has come is there to be taken, however late that is") {
    const std::string said = chat_answer("x");
    peer_link one(said);
    REQUIRE_FALSE(one.open());
    one.used->send(one.user, "a request", steady_now(), never);
    one.used->read_head(one.user, never);
    one.poll();
    REQUIRE(one.user->read == error_code());
    one.user->read.reset();
    one.used->read_rest(one.user, passed);
    one.poll();
    CHECK(one.user->read == error_code());
    CHECK(one.used->answer_is_whole());
    CHECK(one.used->reusable());
}

TEST_CASE("a connection: one that was cancelled at any step is closed and never used again") {
    bool whole = false;
    for (int steps = 0; !whole; ++steps) {
        REQUIRE(steps < 100);
        CAPTURE(steps);
        peer_link one(chat_answer("x"));
        REQUIRE_FALSE(one.open());
        one.used->send(one.user, "a request", steady_now(), never);
        one.used->read_head(one.user, never);
        one.context.restart();
        for (int i = 0; i < steps && !one.user->read; ++i) one.context.run_one();
        whole = one.user->read.has_value();
        one.used->cancel();
        one.poll();
        REQUIRE(one.user->read.has_value());
        CHECK((!*one.user->read || *one.user->read == errc::cancelled));
        CHECK_FALSE(one.used->reusable());
        CHECK_FALSE(one.used->quiet_while_idle());
    }
}
