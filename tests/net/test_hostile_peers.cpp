#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <vector>

#include "support/completing.hpp"
#include "support/raw_peer.hpp"
#include "support/scripted_peer.hpp"
#include "support/test_certificates.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

// Nothing that works comes near: what hangs fails by it instead of holding up everything.
constexpr auto patience = std::chrono::seconds(60);

client_options one_attempt(const std::string& url) {
    return options_for(url).retry(retry_policy().max_attempts(1)).attempt_timeout(patience);
}

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

std::string in_chunks(const std::string& body) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx", body.size() - 5);
    return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" + body.substr(0, 5) + "\r\n" + size +
           "\r\n" + body.substr(5) + "\r\n0\r\n\r\n";
}

std::string until_end(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body;
}

/// One attempt against a peer that answers with these bytes and then ends the connection, or not.
outcome attempt(const std::string& bytes, decltype(turn::then) then) {
    asio::io_context context;
    scripted_peer peer(context, {{{bytes, then}}});
    client llm(context.get_executor(), one_attempt(peer.base_url()).max_body_bytes(4096));
    return complete(context, llm, completion_request("a"));
}

}  // namespace

TEST_CASE("an answer cut at any byte, by an end or a reset, is never a success") {
    const std::string body = body_of(chat_answer("an answer"));
    for (const std::string& whole : {chat_answer("an answer"), in_chunks(body), until_end(body)}) {
        for (const auto end : {turn::close, turn::reset}) {
            for (std::size_t length = 0; length < whole.size(); ++length) {
                const outcome ended = attempt(whole.substr(0, length), end);
                CAPTURE(length);
                CAPTURE(end);
                REQUIRE(ended.error == condition::retryable);
                // A reset may overtake bytes that have been sent.
                if (end == turn::close) {
                    REQUIRE(ended.error == (length == 0 ? errc::connection_lost : errc::answer_truncated));
                }
                REQUIRE(ended.result.text.empty());
            }
        }
        CHECK(attempt(whole, turn::close).result.text == "an answer");
    }
}

TEST_CASE("an answer that has no length, and was cut, is asked for again") {
    const std::string whole = until_end(body_of(chat_answer("whole")));
    asio::io_context context;
    scripted_peer peer(context, {{{whole.substr(0, whole.size() - 2), turn::close}}, {{whole, turn::close}}});
    client llm(context.get_executor(), impatient_options_for(peer.base_url()));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.result.text == "whole");
    CHECK(ended.result.info.attempts == 2);
}

TEST_CASE("wrong lengths, and what HTTP/1.1 does not allow, end in a typed error at once") {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::string body = body_of(chat_answer("x"));
    const std::string length = std::to_string(body.size());
    const std::vector<std::pair<std::string, errc>> hostile = {
        {"hello, world\r\n\r\n", errc::malformed_answer},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", errc::malformed_answer},
        {"HTTP/1.1 204 No Content\r\n\r\n", errc::malformed_answer},
        {"HTTP/1.1 204 No Content\r\nContent-Length: " + length + "\r\n\r\n" + body, errc::malformed_answer},
        {"HTTP/1.1 304 Not Modified\r\n\r\n" + body, errc::redirected},
        {"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", errc::malformed_answer},
        {ok + "Content-Length: " + length + "\r\nContent-Length: 1\r\n\r\n" + body, errc::malformed_answer},
        {ok + "Content-Length: " + length + "\r\nTransfer-Encoding: chunked\r\n\r\n" + body,
         errc::malformed_answer},
        {ok + "Content-Length: -1\r\n\r\n" + body, errc::malformed_answer},
        {ok + "Content-Length: 99999999999999999999\r\n\r\n" + body, errc::malformed_answer},
        {ok + "Content-Length: 9999999999\r\n\r\n" + body, errc::answer_too_large},
        {ok + "Content-Length: 1\r\n\r\n" + body, errc::unreadable_answer},
        {ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", errc::malformed_answer},
        {ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", errc::answer_too_large},
        {ok + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(100'000, 'x'), errc::answer_too_large},
        {ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(100'000, 'x'),
         errc::answer_too_large},
        {ok + "X: " + std::string(100'000, 'x'), errc::answer_too_large},
        {ok + "\r\n" + std::string(5000, ' '), errc::answer_too_large},
    };
    for (const auto& [bytes, expected] : hostile) {
        const std::string shown = bytes.substr(0, 100);  // clang 14 captures no structured binding
        CAPTURE(shown);
        const outcome ended = attempt(bytes, turn::fall_silent);
        CHECK(ended.error == expected);
        CHECK(ended.result.info.attempts == 1);
    }
}

TEST_CASE("what endless streams bring ends in a typed error, and their connection is closed") {
    std::string beginning;
    std::string again;
    errc expected = errc::answer_too_large;
    SUBCASE("head") {
        beginning = "HTTP/1.1 200 OK\r\n";
        again = "X: y\r\n";
    }
    SUBCASE("chunks") {
        beginning = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        again = "8\r\n12345678\r\n";
    }
    SUBCASE("body") {
        beginning = "HTTP/1.1 200 OK\r\n\r\n";
        again = "          ";
    }
    SUBCASE("trailers") {
        beginning = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
        again = "X: y\r\n";
    }
    SUBCASE("interim answers") {
        again = "HTTP/1.1 103 Early Hints\r\n\r\n";
        expected = errc::malformed_answer;
    }
    asio::io_context context;
    bool closed = false;
    raw_peer peer(context, [&](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
        std::string unread;
        co_await read_request(one, unread);
        closed = !co_await say(one, beginning);
        while (!closed) closed = !co_await say(one, again);
    });
    client llm(context.get_executor(), one_attempt(peer.url()).max_body_bytes(100'000));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == expected);
    while (!closed && context.run_one() != 0) continue;
    CHECK(closed);
}

TEST_CASE("bytes that drip in do not put off the attempt's time limit") {
    std::string beginning;
    auto phase = request_phase::awaiting_answer;
    SUBCASE("in the head") {
        beginning = "HTTP/1.1 200 OK\r\nX: ";
    }
    SUBCASE("in the body") {
        beginning = "HTTP/1.1 200 OK\r\n\r\n";
        phase = request_phase::receiving;
    }
    SUBCASE("in a chunk") {
        beginning = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n";
        phase = request_phase::receiving;
    }
    asio::io_context context;
    raw_peer peer(context, [&](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
        std::string unread;
        co_await read_request(one, unread);
        bool heard = co_await say(one, beginning);
        asio::steady_timer pause(one.get_executor());
        while (heard) {
            pause.expires_after(std::chrono::milliseconds(1));
            co_await pause.async_wait(asio::deferred);
            heard = co_await say(one, " ");
        }
    });
    client llm(
        context.get_executor(),
        one_attempt(peer.url()).attempt_timeout(std::chrono::milliseconds(50)).max_header_bytes(1 << 30));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::answer_timed_out);
    CHECK(ended.result.info.phase == phase);
}

TEST_CASE("a connection that breaks in any phase ends in a typed error") {
    const std::string whole = chat_answer("x");
    std::string scheme = "http";
    errc expected = errc::connection_lost;
    raw_peer::behaviour what;
    SUBCASE("reset before the handshake") {
        scheme = "https";
        expected = errc::tls_handshake_failed;
        what = [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
            reset_connection(one);
            co_return;
        };
    }
    SUBCASE("no TLS at all") {
        scheme = "https";
        expected = errc::tls_handshake_failed;
        what = [&](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> { co_await say(one, whole); };
    }
    SUBCASE("reset at once") {
        what = [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
            reset_connection(one);
            co_return;
        };
    }
    SUBCASE("reset inside the request") {
        what = [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
            char piece[1000];
            const auto buffer = asio::buffer(piece);
            co_await one.async_read_some(buffer, asio::as_tuple(asio::deferred));
            reset_connection(one);
        };
    }
    SUBCASE("sending half closed instead of an answer") {
        what = [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
            std::string unread;
            co_await read_request(one, unread);
            one.shutdown(asio::socket_base::shutdown_send);
        };
    }
    SUBCASE("sending half closed inside the answer") {
        expected = errc::answer_truncated;
        what = [&](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
            std::string unread;
            co_await read_request(one, unread);
            co_await say(one, whole.substr(0, whole.size() - 1));
            one.shutdown(asio::socket_base::shutdown_send);
        };
    }
    asio::io_context context;
    raw_peer peer(context, what);
    client llm(context.get_executor(), one_attempt(peer.url(scheme)));
    const outcome ended = complete(context, llm, completion_request(std::string(1 << 20, 'a')));
    CHECK(ended.error == expected);
    CHECK(ended.error == condition::retryable);
}

TEST_CASE("a request that is refused before it has been read whole is answered all the same") {
    asio::io_context context;
    raw_peer peer(context, [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
        char piece[1000];
        const auto buffer = asio::buffer(piece);
        co_await one.async_read_some(buffer, asio::as_tuple(asio::deferred));
        co_await say(one, answer(413, R"({"error":{"message":"too long for us"}})", "Connection: close\r\n"));
        one.shutdown(asio::socket_base::shutdown_send);
        for (error_code error; !error;) {
            std::size_t count = 0;
            std::tie(error, count) = co_await one.async_read_some(buffer, asio::as_tuple(asio::deferred));
        }
    });
    client llm(context.get_executor(), one_attempt(peer.url()));
    const outcome ended = complete(context, llm, completion_request(std::string(4 << 20, 'a')));
    CHECK(ended.error == errc::bad_request);
    CHECK(ended.result.info.message == "too long for us");
    CHECK(ended.result.info.phase == request_phase::answered);
}

TEST_CASE("an idle connection is not trusted after anything happened on it") {
    raw_peer::behaviour idle;
    SUBCASE("an answer that nobody asked for") {
        idle = [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
            co_await say(one, chat_answer("stale"));
        };
    }
    SUBCASE("a single byte") {
        idle = [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> { co_await say(one, "\n"); };
    }
    SUBCASE("a refusal of idle connections") {
        idle = [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
            co_await say(one, answer(408, "{}", "Connection: close\r\n"));
            one.close();
        };
    }
    SUBCASE("closed") {
        idle = [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
            one.close();
            co_return;
        };
    }
    SUBCASE("half closed") {
        idle = [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
            one.shutdown(asio::socket_base::shutdown_send);
            co_return;
        };
    }
    SUBCASE("reset") {
        idle = [](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
            reset_connection(one);
            co_return;
        };
    }
    asio::io_context context;
    raw_peer peer(context, [&](raw_peer::socket& one, std::size_t number) -> asio::awaitable<void> {
        std::string unread;
        const std::string text = number == 0 ? "one" : "two";
        while (co_await read_request(one, unread)) co_await say(one, chat_answer(text));
    });
    client llm(context.get_executor(), one_attempt(peer.url()));
    CHECK(complete(context, llm, completion_request("a")).result.text == "one");
    bool happened = false;
    asio::co_spawn(context, idle(peer.connection(0), 0), [&](std::exception_ptr) { happened = true; });
    context.restart();
    while (!happened && context.run_one() != 0) continue;
    const outcome second = complete(context, llm, completion_request("b"));
    CHECK(second.result.text == "two");
    CHECK(second.result.info.attempts == 1);
    CHECK(peer.connections() == 2);
}

TEST_CASE("a TLS record behind an answer is not taken for the next answer") {
    asio::io_context context;
    const test_certificates certificates;
    // Two records: the second one may lie in the TLS engine, where the socket does not show it.
    scripted_peer peer(context,
                       {{{chat_answer("one"), turn::keep, chat_answer("stale")}}, {{chat_answer("two")}}},
                       certificates.server(certificate_kind::good));
    client llm(context.get_executor(), one_attempt(peer.base_url()).ca_file(certificates.ca_file()));
    CHECK(complete(context, llm, completion_request("a")).result.text == "one");
    context.restart();
    context.poll();
    const outcome second = complete(context, llm, completion_request("b"));
    CHECK(second.result.text == "two");
    CHECK(peer.connections() == 2);
}

TEST_CASE("a connection is used again only after an answer that allows it") {
    const std::string body = body_of(chat_answer("x"));
    const std::string length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
    const std::vector<std::pair<std::string, std::size_t>> answers = {
        {"HTTP/1.1 200 OK\r\n" + length + "\r\n" + body, 1},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\n" + length + "\r\n" + body, 2},
        {"HTTP/1.0 200 OK\r\n" + length + "\r\n" + body, 2},
        {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + length + "\r\n" + body, 1},
        {"HTTP/1.1 200 OK\r\n" + length + "\r\n" + body + "surplus", 2},
    };
    for (const auto& [bytes, connections] : answers) {
        const std::string shown = bytes.substr(0, 60);
        CAPTURE(shown);
        asio::io_context context;
        scripted_peer peer(context, {{{bytes}, {bytes}}});
        client llm(context.get_executor(), one_attempt(peer.base_url()));
        CHECK(complete(context, llm, completion_request("a")).result.text == "x");
        CHECK(complete(context, llm, completion_request("b")).result.text == "x");
        CHECK(peer.connections() == connections);
    }
}

TEST_CASE("an answer that can be read is never asked for again, whatever is wrong with it") {
    for (const std::string& body :
         {std::string("{}"), std::string("{\"choices\":[]}"), std::string("[]"), std::string("null"),
          std::string(R"({"error":{"message":"crashed"}})"), std::string(3000, '[')}) {
        CAPTURE(body.substr(0, 40));
        asio::io_context context;
        scripted_peer peer(context, {{{answer(200, body)}, {chat_answer("again")}}});
        client llm(context.get_executor(), impatient_options_for(peer.base_url()));
        const outcome ended = complete(context, llm, completion_request("a"));
        CHECK(ended.result.empty == body.starts_with(R"({"choices")"));
        CHECK((ended.result.empty ? !ended.error : ended.error == condition::permanent));
        CHECK(ended.result.info.attempts == 1);
        CHECK(peer.requests().size() == 1);
    }
}
