#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/completing.hpp"
#include "support/raw_peer.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

namespace events = attempt_events;

/// Keeps what it was told as a word each, and the ends as they were.
struct notebook final : attempt_observer {
    struct end {
        attempt_id id;
        error_code error;
        diagnostic info;
        bool was_admitted;
        waiting_times waited;
        std::size_t bytes_sent;
        std::size_t bytes_received;
        std::optional<duration> again_in;
        hints said;
        std::optional<duration> hint_cut_to;
    };

    void queued(const events::queued& told) noexcept override { note("queued", told.id); }
    void admitted(const events::admitted& told) noexcept override { note("admitted", told.id); }
    void sent(const events::sent& told) noexcept override {
        note(told.new_connection ? "sent on a new connection" : "sent", told.id);
        bytes = told.bytes;
    }
    void head(const events::head& told) noexcept override {
        note("head " + std::to_string(told.status), told.id);
    }
    void done(const events::done& told) noexcept override {
        note("done", told.id);
        ends.push_back({told.id, told.error, told.info, told.was_admitted, told.waited, told.bytes_sent,
                        told.bytes_received, told.again_in, told.said, told.hint_cut_to});
    }
    void note(const std::string& what, attempt_id id) {
        said.push_back(std::to_string(id.request) + "." + std::to_string(id.attempt) + " " + what);
    }

    std::vector<std::string> said;
    std::vector<end> ends;
    std::size_t bytes = 0;
};

using lines = std::vector<std::string>;

const auto quick = coordinator_options().initial_rate(1000);
const std::string refusal = answer(429, R"({"error":{"message":"slow down"}})");

}  // namespace

TEST_CASE("an observer is told every step of every attempt, in order") {
    asio::io_context context;
    scripted_peer peer(context, {{{refusal}, {chat_answer("ok")}}});
    const auto told = std::make_shared<notebook>();
    client llm(context.get_executor(), options_for(peer.base_url()).observer(told), quick);
    CHECK_FALSE(complete(context, llm, completion_request("a")).error);
    CHECK(told->said == lines{"1.1 queued", "1.1 admitted", "1.1 sent on a new connection", "1.1 head 429",
                              "1.1 done", "1.2 queued", "1.2 admitted", "1.2 sent", "1.2 head 200",
                              "1.2 done"});
    REQUIRE(told->ends.size() == 2);
    const auto& first = told->ends[0];
    CHECK(first.error == errc::rate_limited);
    CHECK(first.info.http_status == 429);
    CHECK(first.info.message == "slow down");
    CHECK(first.again_in.has_value());
    CHECK(first.bytes_received == refusal.size());
    const auto& second = told->ends[1];
    CHECK_FALSE(second.error);
    CHECK(second.was_admitted);
    CHECK(second.bytes_sent == peer.requests()[1].size());
    CHECK(second.bytes_sent == told->bytes);
    CHECK(second.bytes_received == chat_answer("ok").size());
    CHECK_FALSE(second.again_in.has_value());
}

TEST_CASE("a Retry-After that a cap cuts is told with both lengths") {
    using std::chrono::milliseconds;
    asio::io_context context;
    const std::string closed = answer(429, R"({"error":{"message":"tomorrow"}})", "Retry-After: 86400\r\n");
    scripted_peer peer(context, {{{closed}, {chat_answer("ok")}}});
    const auto told = std::make_shared<notebook>();
    client llm(context.get_executor(), options_for(peer.base_url()).observer(told),
               coordinator_options().initial_rate(1000).retry_after_cap(milliseconds(20)));
    CHECK_FALSE(complete(context, llm, completion_request("a")).error);
    REQUIRE(told->ends.size() == 2);
    CHECK(told->ends[0].said.retry_after == std::chrono::hours(24));
    CHECK(told->ends[0].hint_cut_to == milliseconds(20));
    CHECK_FALSE(told->ends[1].hint_cut_to.has_value());
    CHECK(llm.gate().status().hints_cut == 1);
}

TEST_CASE("an attempt that never was admitted ends as well, and says what it waited for") {
    asio::io_context context;
    gate line(context.get_executor(), coordinator_options().max_in_flight(1), 1);
    permit taken;
    line.async_admit(admission(), [&](error_code, permit leave) { taken = std::move(leave); });
    context.run();
    context.restart();
    const auto told = std::make_shared<notebook>();
    client llm(context.get_executor(), options_for("http://127.0.0.1:1/v1").observer(told), line);
    asio::cancellation_signal cancel;
    error_code ended;
    llm.async_complete(completion_request("a"),
                       asio::bind_cancellation_slot(
                           cancel.slot(), [&](error_code error, const completion&) { ended = error; }));
    context.poll();
    CHECK(llm.counters().running == 1);
    cancel.emit(asio::cancellation_type::total);
    context.poll();
    CHECK(ended == errc::cancelled);
    CHECK(told->said == lines{"1.1 queued", "1.1 done"});
    REQUIRE(told->ends.size() == 1);
    CHECK(told->ends[0].error == errc::cancelled);
    CHECK_FALSE(told->ends[0].was_admitted);
    CHECK(told->ends[0].waited.total() > duration::zero());
    CHECK(told->ends[0].waited[wait_reason::in_flight] == told->ends[0].waited.total());
    CHECK(llm.counters().attempts == 0);
    CHECK(llm.counters().failed == 1);
    CHECK(llm.counters().gate.waited[wait_reason::in_flight].count() > 0);
}

TEST_CASE("a streamed attempt is done when its answer is") {
    asio::io_context context;
    const std::string piece = R"(data: {"choices":[{"index":0,"delta":{"content":"hi"}}]})";
    const std::string body = piece + "\n\ndata: [DONE]\n\n";
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: " +
                             std::to_string(body.size()) + "\r\n\r\n";
    scripted_peer peer(context, {{{head + body}}});
    const auto told = std::make_shared<notebook>();
    client llm(context.get_executor(), options_for(peer.base_url()).observer(told), quick);
    completion_stream stream;
    llm.async_stream(completion_request("a"), [&](error_code error, completion_stream opened) {
        CHECK_FALSE(error);
        stream = std::move(opened);
    });
    while (!stream && context.run_one() != 0) continue;
    CHECK(told->said == lines{"1.1 queued", "1.1 admitted", "1.1 sent on a new connection", "1.1 head 200"});
    CHECK(llm.counters().running == 1);
    bool whole = false;
    while (!whole) {
        std::optional<bool> more;
        stream.async_next([&](error_code error, std::optional<completion_delta> delta) {
            CHECK_FALSE(error);
            more = delta.has_value();
        });
        while (!more && context.run_one() != 0) continue;
        whole = !more.value();
    }
    REQUIRE(told->ends.size() == 1);
    CHECK_FALSE(told->ends[0].error);
    CHECK(told->ends[0].bytes_received == head.size() + body.size());
    CHECK(llm.counters().succeeded == 1);
    CHECK(llm.counters().running == 0);
}

TEST_CASE("an observer is told why a stream ended that nobody was reading") {
    asio::io_context context;
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    const std::string first = "data: " + chat_documents({"x"})[0] + "\n\n";
    scripted_peer peer(context, {{{head + first, turn::fall_silent}}});
    const auto told = std::make_shared<notebook>();
    client llm(context.get_executor(), options_for(peer.base_url()).observer(told), quick);
    completion_stream stream;
    llm.async_stream(completion_request("a"),
                     [&](error_code, completion_stream opened) { stream = std::move(opened); });
    while (!stream && context.run_one() != 0) continue;
    llm.close();
    while (told->ends.empty() && context.run_one() != 0) continue;
    REQUIRE(told->ends.size() == 1);
    CHECK(told->ends[0].error == errc::shut_down);
    CHECK(told->ends[0].info.last_error == errc::shut_down);
    CHECK(told->ends[0].info.phase == request_phase::receiving);
    CHECK_FALSE(told->ends[0].info.message.empty());
}

TEST_CASE("how long an attempt was served is counted from its sending, not from its wait for a connection") {
    bool as_stream = false;
    SUBCASE("whole") {}
    SUBCASE("streamed") {
        as_stream = true;
    }
    asio::io_context context;
    bool heard = false;
    asio::steady_timer first_answer(context, time_point::max());
    const std::string second = as_stream ? event_stream(chat_documents({"x"})) : chat_answer("x");
    raw_peer peer(context, [&](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
        std::string unread;
        heard = co_await read_request(one, unread);
        co_await first_answer.async_wait(asio::as_tuple(asio::deferred));
        co_await say(one, chat_answer("x"));
        co_await read_request(one, unread);
        co_await say(one, second);
    });
    const auto told = std::make_shared<notebook>();
    client llm(context.get_executor(), options_for(peer.url()).observer(told).max_connections(1), quick);
    llm.async_complete(completion_request("a"), [](error_code, const completion&) {});
    completion_stream stream;
    std::function<void()> ask = [&] {
        stream.async_next([&](error_code error, const std::optional<completion_delta>& delta) {
            if (!error && delta) ask();
        });
    };
    if (as_stream) {
        llm.async_stream(completion_request("b"), [&](error_code, completion_stream opened) {
            stream = std::move(opened);
            ask();
        });
    } else {
        llm.async_complete(completion_request("b"), [](error_code, const completion&) {});
    }
    while (!heard || std::count(told->said.begin(), told->said.end(), "2.1 admitted") == 0) context.run_one();
    // The only connection is the first one's, until this has taken its time.
    const time_point admitted = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < admitted + std::chrono::milliseconds(5)) context.poll();
    const time_point before_sending = std::chrono::steady_clock::now();
    first_answer.cancel();
    while (told->ends.size() < 2 && context.run_one() != 0) continue;
    REQUIRE(told->ends.size() == 2);
    CHECK_FALSE(told->ends[1].error);
    CHECK(told->ends[1].info.served <= std::chrono::steady_clock::now() - before_sending);
}

TEST_CASE("counters say what a client has done") {
    asio::io_context context;
    scripted_peer peer(context,
                       {{{refusal}, {chat_answer("one")}, {answer(400, R"({"error":{"message":"no"}})")}}});
    client llm(context.get_executor(), options_for(peer.base_url()), quick);
    complete(context, llm, completion_request("a"));
    complete(context, llm, completion_request("b"));
    complete(context, llm, completion_request("c").temperature(7));
    const client_counters seen = llm.counters();
    CHECK(seen.running == 0);
    CHECK(seen.succeeded == 1);
    CHECK(seen.failed == 2);
    CHECK(seen.attempts == 3);
    CHECK(seen.rejections == 1);
    CHECK(seen.attempts_by_status == std::map<unsigned, std::uint64_t>{{200, 1}, {400, 1}, {429, 1}});
    CHECK(seen.connections_opened == 1);
    CHECK(seen.connections_reused == 2);
    std::size_t sent = 0;
    for (const std::string& each : peer.requests()) sent += each.size();
    CHECK(seen.bytes_sent == sent);
    CHECK(seen.bytes_received > 0);
    CHECK(seen.gate.admitted == 3);
}

TEST_CASE("a connection that is not made is counted") {
    asio::io_context context;
    unsigned short port = 0;
    {
        const scripted_peer gone(context, {{{chat_answer("never")}}});
        port = gone.port();
    }
    context.poll();
    context.restart();
    client llm(context.get_executor(),
               options_for("http://127.0.0.1:" + std::to_string(port)).retry(retry_policy().max_attempts(1)));
    CHECK(complete(context, llm, completion_request("a")).error == errc::connect_failed);
    CHECK(llm.counters().connections_failed == 1);
    CHECK(llm.counters().attempts_by_status == std::map<unsigned, std::uint64_t>{{0, 1}});
}

TEST_CASE("what the server repeats of the key or of a secret header is in no message") {
    asio::io_context context;
    const std::string echo = R"(you sent secret-key, c2VjcmV0LWtleTo=, top-secret-1 and blue-team)";
    scripted_peer peer(context, {{{answer(401, R"({"error":{"message":")" + echo + R"("}})")}}});
    const auto told = std::make_shared<notebook>();
    client llm(context.get_executor(), options_for(peer.base_url())
                                           .header("X-Auth", "Token top-secret-1")
                                           .header("X-Team", "blue-team")
                                           .observer(told));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.result.info.message == "you sent [key], [key], [key] and blue-team");
    CHECK(told->ends.at(0).info.message == ended.result.info.message);
}

TEST_CASE("a wrong base URL is not repeated with its password or its query") {
    asio::io_context context;
    for (const auto* url : {"ftp://user:pass-word@host/v1", "https://user:pass-word@ho st/v1",
                            "https://host/v1?key=pass-word#x", "user:pass-word@host"}) {
        CAPTURE(url);
        std::string message;
        try {
            client(context.get_executor(), options_for(url));
        } catch (const std::invalid_argument& wrong) {
            message = wrong.what();
        }
        CHECK(message.starts_with("base_url: "));
        CHECK(message.find("pass-word") == std::string::npos);
    }
}

// Work is counted in operations of the gate, so that no clock is needed: each step of the context is one
// handler.
TEST_CASE("cancelling everybody who waits takes a number of steps that grows with their number alone") {
    const auto steps_to_cancel = [](std::size_t tasks) {
        asio::io_context context;
        gate line(context.get_executor(), coordinator_options().max_in_flight(1), 1);
        permit taken;
        line.async_admit(admission(), [&](error_code, permit leave) { taken = std::move(leave); });
        context.run();
        context.restart();
        client llm(context.get_executor(), options_for("http://127.0.0.1:1/v1"), line);
        std::deque<asio::cancellation_signal> signals(tasks);
        std::size_t ended = 0;
        for (auto& each : signals) {
            llm.async_complete(
                completion_request("a"),
                asio::bind_cancellation_slot(each.slot(), [&](error_code error, const completion&) {
                    CHECK(error == errc::cancelled);
                    ++ended;
                }));
        }
        context.poll();
        for (auto& each : signals) each.emit(asio::cancellation_type::terminal);
        const std::size_t steps = context.poll();
        CHECK(ended == tasks);
        CHECK(line.status().waiting == 0);
        return steps;
    };
    const std::size_t few = steps_to_cancel(100);
    CHECK(steps_to_cancel(400) <= 4 * few);
}
