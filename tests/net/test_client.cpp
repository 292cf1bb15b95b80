#include <doctest/doctest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a completion sends one request and gives text, reason and usage") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("blue")}}});
    client llm(context.get_executor(), options_for(peer.base_url()));
    const outcome ended =
        complete(context, llm, completion_request("Why is the sky blue?").max_new_tokens(7));

    CHECK_FALSE(ended.error);
    CHECK(ended.result.text == "blue");
    CHECK(ended.result.finish_reason == "stop");
    CHECK(ended.result.usage.prompt_tokens.value() == 3);
    CHECK(ended.result.info.attempts == 1);
    CHECK(ended.result.info.http_status == 200);
    REQUIRE(peer.requests().size() == 1);
    const std::string& sent = peer.requests()[0];
    CHECK(sent.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
    CHECK(contains(sent, "Host: 127.0.0.1:" + std::to_string(peer.port()) + "\r\n"));
    CHECK(contains(sent, "Bearer secret-key\r\n"));
    CHECK(contains(sent, "Why is the sky blue?"));
}

TEST_CASE("any JSON goes to any path of the API through the same line, with the same attempts") {
    asio::io_context context;
    const std::string refusal = answer(429, R"({"error":{"message":"slow down"}})");
    const std::string body = R"({"data":[{"embedding":[1]}],"usage":{"prompt_tokens":2,"total_tokens":2}})";
    scripted_peer peer(context, {{{refusal}, {answer(200, body)}, {answer(200, "[]")}}});
    client llm(context.get_executor(), options_for(peer.base_url() + "?v=1"),
               coordinator_options().initial_rate(1000));
    std::optional<outcome> ended;
    const auto take = [&](error_code error, completion result) {
        ended.emplace(outcome{error, std::move(result)});
    };
    const auto post = [&](std::string path, std::string json) {
        ended.reset();
        llm.async_post(std::move(path), std::move(json), take);
        context.restart();
        while (!ended && context.run_one() != 0) continue;
        return ended.value();
    };
    const outcome first = post("embeddings", R"({ "model": "e", "input": "a" })");
    CHECK_FALSE(first.error);
    CHECK(first.result.raw == body);
    CHECK(first.result.usage.prompt_tokens == 2);
    CHECK(first.result.text.empty());
    CHECK(first.result.info.attempts == 2);
    CHECK(first.result.info.rejections == 1);
    CHECK(llm.gate().status().throttled == 1);
    REQUIRE(peer.requests().size() == 2);
    for (const std::string& sent : peer.requests()) {
        CHECK(sent.starts_with("POST /v1/embeddings?v=1 HTTP/1.1\r\n"));
        CHECK(sent.ends_with(R"({ "model": "e", "input": "a" })"));
    }
    CHECK(post("/x", "7").result.raw == "[]");
    CHECK(post("a b", "7").error == errc::invalid_request);
    CHECK(post("x", "{").result.info.message.starts_with("body: is not JSON"));
    CHECK(peer.requests().size() == 3);

    std::optional<error_code> refused;
    llm.async_stream(completion_request::post("x", "{}"),
                     [&](error_code error, const completion_stream&) { refused = error; });
    context.restart();
    while (!refused && context.run_one() != 0) continue;
    CHECK(refused == errc::invalid_request);
}

TEST_CASE("a header of the caller's stands instead of the client's own, and no encoding is asked for") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("a")}}});
    client llm(context.get_executor(), options_for(peer.base_url())
                                           .header("user-agent", "mine/1")
                                           .header("ACCEPT", "text/plain")
                                           .header("Authorization", "Token other")
                                           .header("X-List", "1")
                                           .header("X-List", "2"));
    CHECK_FALSE(complete(context, llm, completion_request("a")).error);
    REQUIRE(peer.requests().size() == 1);
    const std::string& sent = peer.requests()[0];
    CHECK(contains(sent, "user-agent: mine/1\r\n"));
    CHECK(contains(sent, "ACCEPT: text/plain\r\n"));
    CHECK(contains(sent, "Authorization: Token other\r\n"));
    CHECK(contains(sent, "X-List: 1\r\nX-List: 2\r\n"));
    CHECK(contains(sent, "Accept-Encoding: identity\r\n"));
    for (const auto* const replaced : {"User-Agent:", "Accept:", "Bearer"})
        CHECK_FALSE(contains(sent, replaced));
}

TEST_CASE("the scheme of a base URL is read without regard to case") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("a")}}});
    client llm(context.get_executor(), options_for("HTTP" + peer.base_url().substr(4)));
    CHECK_FALSE(complete(context, llm, completion_request("a")).error);
    CHECK_NOTHROW(client(context.get_executor(), options_for("HTTPS://api.example.com/v1")));
    CHECK_THROWS_AS(client(context.get_executor(), options_for("ftps://api.example.com/v1")),
                    std::invalid_argument);
}

TEST_CASE("a connection is kept and used again") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("one")}, {chat_answer("two")}}});
    client llm(context.get_executor(), options_for(peer.base_url()));
    CHECK(complete(context, llm, completion_request("a")).result.text == "one");
    CHECK(complete(context, llm, completion_request("b")).result.text == "two");
    CHECK(peer.connections() == 1);
}

TEST_CASE("an idle connection that the peer closed, or spoke on, is not trusted with a request") {
    asio::io_context context;
    std::string surplus;
    SUBCASE("closed") {}
    SUBCASE("spoke") {
        surplus = chat_answer("stale");
    }
    const auto then = surplus.empty() ? turn::close : turn::keep;
    scripted_peer peer(context, {{{chat_answer("one") + surplus, then}}, {{chat_answer("two")}}});
    client llm(context.get_executor(), options_for(peer.base_url()));
    CHECK(complete(context, llm, completion_request("a")).result.text == "one");
    context.restart();
    context.poll();
    const outcome second = complete(context, llm, completion_request("b"));
    CHECK(second.result.text == "two");
    CHECK(second.result.info.attempts == 1);
    CHECK(peer.connections() == 2);
}

TEST_CASE("a refused request is tried again and counted") {
    asio::io_context context;
    const std::string refusal =
        answer(429, R"({"error":{"message":"slow down","type":"requests","code":"x"}})");
    scripted_peer peer(context, {{{refusal}, {refusal}, {chat_answer("ok")}}});
    client llm(context.get_executor(), options_for(peer.base_url()),
               coordinator_options().initial_rate(1000));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK_FALSE(ended.error);
    CHECK(ended.result.info.attempts == 3);
    CHECK(ended.result.info.rejections == 2);
    CHECK(llm.gate().status().throttled == 2);
}

TEST_CASE("where nobody listens the message says so, an IPv6 address in brackets") {
    asio::io_context context;
    const auto once = options_for("http://[::1]:1").retry(retry_policy().max_attempts(1));
    client llm(context.get_executor(), once);
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::connect_failed);
    CHECK(ended.result.info.message.starts_with("connecting to [::1]:1: "));
}

TEST_CASE("accidents are tried again on a new connection") {
    asio::io_context context;
    turn accident;
    SUBCASE("server error") {
        accident = {answer(500, R"({"error":{"message":"boom"}})"), turn::close};
    }
    SUBCASE("reset before an answer") {
        accident = {"", turn::reset};
    }
    SUBCASE("closed before an answer") {
        accident = {"", turn::close};
    }
    SUBCASE("cut inside the answer") {
        accident = {chat_answer("lost").substr(0, 120), turn::close};
    }
    scripted_peer peer(context, {{accident}, {{chat_answer("ok")}}});
    client llm(context.get_executor(), impatient_options_for(peer.base_url()));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.result.text == "ok");
    CHECK(ended.result.info.attempts == 2);
    CHECK(ended.result.info.rejections == 0);
    CHECK(peer.connections() == 2);
}

TEST_CASE("a permanent error ends the request with the server's words") {
    asio::io_context context;
    std::string bytes;
    errc expected{};
    std::string words;
    SUBCASE("401") {
        bytes = answer(
            401,
            R"({"error":{"message":"Incorrect API key provided.","type":"x","code":"invalid_api_key"}})");
        expected = errc::unauthorized;
        words = "Incorrect API key";
    }
    SUBCASE("quota") {
        bytes = answer(429, R"({"error":{"message":"You exceeded your quota","code":"insufficient_quota"}})");
        expected = errc::quota_exhausted;
        words = "exceeded your quota";
    }
    SUBCASE("redirect") {
        bytes = answer(307, "", "Location: https://elsewhere.example/v1\r\n");
        expected = errc::redirected;
        words = "elsewhere.example";
    }
    SUBCASE("error inside a 200") {
        bytes = answer(200, R"({"error":{"message":"model crashed"}})");
        expected = errc::error_in_answer;
        words = "model crashed";
    }
    SUBCASE("a shape that nobody knows") {
        bytes = answer(200, R"({"hello":"world"})");
        expected = errc::malformed_answer;
    }
    SUBCASE("JSON, but no object") {
        bytes = answer(200, "null");
        expected = errc::malformed_answer;
    }
    scripted_peer peer(context, {{{bytes}}});
    client llm(context.get_executor(), options_for(peer.base_url()));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == expected);
    CHECK(contains(ended.result.info.message, words));
    CHECK_FALSE(contains(ended.result.info.message, "secret-key"));
    CHECK(ended.result.info.attempts == 1);
    CHECK(peer.requests().size() == 1);
}

TEST_CASE("an answer that is no JSON, or a part of it in right framing, is asked for again") {
    asio::io_context context;
    std::string broken;
    SUBCASE("no JSON") {
        broken = answer(200, "<html>hello</html>");
    }
    SUBCASE("cut") {
        broken = answer(200, R"({"choices":[{"message":{"content":"lo)");
    }
    SUBCASE("empty") {
        broken = answer(200, "");
    }
    SUBCASE("followed by something") {
        broken = answer(200, R"({"choices":[]} and more)");
    }
    scripted_peer peer(context, {{{broken}, {broken}, {chat_answer("ok")}}});
    client llm(context.get_executor(), impatient_options_for(peer.base_url()));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK_FALSE(ended.error);
    CHECK(ended.result.text == "ok");
    CHECK(ended.result.info.attempts == 3);
    CHECK(ended.result.info.rejections == 0);
    CHECK(ended.result.info.unreadable_answers == 2);
    CHECK(llm.counters().unreadable_answers == 2);
    // No refusal, and no failure of the server's: it let each of them through.
    CHECK(llm.gate().status().accepted == 3);
    CHECK(llm.gate().status().failed == 0);
}

TEST_CASE("an answer that stays unreadable is asked for twice more, whatever the policy says") {
    asio::io_context context;
    const std::string broken = answer(200, "<html>hello</html>");
    retry_policy policy;
    std::size_t sent = 3;
    SUBCASE("by default") {}
    SUBCASE("every failure is to be tried again") {
        policy.retry_on(retry_if_error(errc::unreadable_answer) | retry_if_error(condition::retryable));
    }
    SUBCASE("one more is allowed") {
        policy.max_attempts(2);
        sent = 2;
    }
    SUBCASE("none is wanted") {
        policy.give_up_on(retry_if_error(errc::unreadable_answer));
        sent = 1;
    }
    unsigned given_up = 0;
    policy.on_give_up([&](const retry_state&) { ++given_up; });
    scripted_peer peer(context, {{{broken}, {broken}, {broken}, {chat_answer("too late")}}});
    client llm(context.get_executor(), impatient_options_for(peer.base_url()).retry(policy));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::unreadable_answer);
    CHECK(contains(ended.result.info.message, "not JSON"));
    CHECK(ended.result.info.attempts == sent);
    CHECK(ended.result.info.unreadable_answers == sent);
    CHECK(peer.requests().size() == sent);
    CHECK(given_up == 1);
}

TEST_CASE("an answer cut at any byte is never a success") {
    const std::string whole = chat_answer("an answer");
    for (std::size_t length = 0; length < whole.size(); ++length) {
        asio::io_context context;
        scripted_peer peer(context, {{{whole.substr(0, length), turn::close}}});
        client llm(context.get_executor(),
                   options_for(peer.base_url()).retry(retry_policy().max_attempts(1)));
        const outcome ended = complete(context, llm, completion_request("a"));
        CAPTURE(length);
        REQUIRE(ended.error == (length == 0 ? errc::connection_lost : errc::answer_truncated));
        REQUIRE(ended.result.text.empty());
    }
}

TEST_CASE("answers that break the protocol or its bounds end in a typed error") {
    asio::io_context context;
    std::string bytes;
    errc expected = errc::malformed_answer;
    turn then{"", turn::fall_silent};
    SUBCASE("no HTTP") {
        bytes = "SSH-2.0-OpenSSH_9.2\r\n\r\n";
    }
    SUBCASE("two lengths") {
        bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x";
    }
    SUBCASE("length and chunks") {
        bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}";
    }
    SUBCASE("wrong chunk size") {
        bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n";
    }
    SUBCASE("endless head") {
        bytes = "HTTP/1.1 200 OK\r\nX-Filler: " + std::string(100'000, 'x');
        expected = errc::answer_too_large;
    }
    SUBCASE("endless chunk head") {
        bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(200'000, 'x');
        expected = errc::answer_too_large;
    }
    SUBCASE("announced body past the bound") {
        bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";
        expected = errc::answer_too_large;
    }
    SUBCASE("chunks past the bound") {
        bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n" + std::string(0x2000, 'x');
        expected = errc::answer_too_large;
    }
    SUBCASE("interim answers without end") {
        for (int i = 0; i < 100; ++i) bytes += "HTTP/1.1 103 Early Hints\r\n\r\n";
    }
    then.bytes = bytes;
    scripted_peer peer(context, {{then}});
    client llm(context.get_executor(),
               options_for(peer.base_url()).retry(retry_policy().max_attempts(1)).max_body_bytes(4096));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == expected);
    CHECK(ended.result.info.attempts == 1);
}

TEST_CASE("interim answers are skipped, chunks joined, and an answer without a length ends with the stream") {
    asio::io_context context;
    const std::string whole = chat_answer("pieces");
    const std::string body = whole.substr(whole.find("\r\n\r\n") + 4);
    turn what;
    SUBCASE("interim") {
        what.bytes = "HTTP/1.1 100 Continue\r\n\r\n" + whole;
    }
    SUBCASE("chunked") {
        char size[32];
        std::snprintf(size, sizeof size, "%zx", body.size() - 5);
        what.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n" + body.substr(0, 5) +
                     "\r\n" + size + "\r\n" + body.substr(5) + "\r\n0\r\n\r\n";
    }
    SUBCASE("until the end") {
        what = {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body, turn::close};
    }
    scripted_peer peer(context, {{what}});
    client llm(context.get_executor(), options_for(peer.base_url()));
    CHECK(complete(context, llm, completion_request("a")).result.text == "pieces");
}

TEST_CASE("silence ends with the attempt's time limit, and the deadline ends all attempts") {
    asio::io_context context;
    scripted_peer peer(context, {{{"", turn::fall_silent}}});
    client_options options =
        impatient_options_for(peer.base_url()).attempt_timeout(std::chrono::milliseconds(20));
    SUBCASE("attempt") {
        client llm(context.get_executor(), options.retry(retry_policy().max_attempts(2)));
        const outcome ended = complete(context, llm, completion_request("a"));
        CHECK(ended.error == errc::answer_timed_out);
        CHECK(ended.error == condition::timed_out);
        CHECK(ended.result.info.attempts == 2);
    }
    SUBCASE("deadline") {
        client llm(context.get_executor(), options.deadline(std::chrono::milliseconds(100)));
        const outcome ended = complete(context, llm, completion_request("a"));
        CHECK(ended.error == errc::deadline_exceeded);
        CHECK(ended.result.info.attempts >= 1);
        CHECK(ended.result.info.last_error == errc::answer_timed_out);
    }
}

TEST_CASE("a port that refuses connections is an accident that says where") {
    asio::io_context context;
    std::string url;
    {
        scripted_peer gone(context, {{}});
        url = gone.base_url();
    }
    client llm(context.get_executor(), impatient_options_for(url).retry(retry_policy().max_attempts(3)));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::connect_failed);
    CHECK(ended.error == condition::retryable);
    CHECK(contains(ended.result.info.message, "127.0.0.1:"));
    CHECK(ended.result.info.attempts == 3);
}

TEST_CASE("cancelling after any number of steps ends the request once") {
    bool ended_by_itself = false;
    for (int steps = 0; !ended_by_itself; ++steps) {
        REQUIRE(steps < 1000);
        asio::io_context context;
        scripted_peer peer(context, {{{"", turn::reset}}, {{chat_answer("ok")}}});
        client llm(context.get_executor(), impatient_options_for(peer.base_url()));
        asio::cancellation_signal signal;
        int completions = 0;
        error_code ended;
        auto count = [&](error_code error, const completion&) {
            ++completions;
            ended = error;
        };
        llm.async_complete(completion_request("a"), asio::bind_cancellation_slot(signal.slot(), count));
        for (int i = 0; i < steps && completions == 0; ++i) context.run_one();
        ended_by_itself = completions == 1;
        signal.emit(asio::cancellation_type::terminal);
        peer.close();
        while (completions == 0 && context.run_one() != 0) continue;
        context.poll();
        CAPTURE(steps);
        REQUIRE(completions == 1);
        const bool as_expected = ended == errc::cancelled || !ended || ended == errc::connect_failed;
        REQUIRE(as_expected);
        REQUIRE(llm.gate().status().in_flight == 0);
        REQUIRE(llm.gate().status().waiting == 0);
    }
}

TEST_CASE("destroying the context after any number of steps leaks nothing") {
    for (int steps = 0; steps < 60; ++steps) {
        asio::io_context context;
        scripted_peer peer(context, {{{chat_answer("1")}, {chat_answer("2")}, {chat_answer("3")}}});
        client llm(context.get_executor(), options_for(peer.base_url()));
        int completions = 0;
        for (int i = 0; i < 3; ++i) {
            llm.async_complete(completion_request("a"),
                               [&](error_code, const completion&) { ++completions; });
        }
        for (int i = 0; i < steps && completions < 3; ++i) context.run_one();
    }
}

TEST_CASE("close ends waiting and running requests with shut_down, and refuses new ones") {
    asio::io_context context;
    scripted_peer peer(context, {{{"", turn::fall_silent}}});
    client llm(context.get_executor(), options_for(peer.base_url()), coordinator_options().max_in_flight(1));
    std::vector<error_code> ended;
    const auto collect = [&](error_code error, const completion&) { ended.push_back(error); };
    for (int i = 0; i < 3; ++i) llm.async_complete(completion_request("a"), collect);
    while (peer.requests().empty()) context.run_one();
    llm.close();
    llm.async_complete(completion_request("late"), collect);
    while (ended.size() < 4 && context.run_one() != 0) continue;
    REQUIRE(ended.size() == 4);
    for (const error_code& error : ended) CHECK(error == errc::shut_down);
}

TEST_CASE("every kind of completion token works, and none completes inline") {
    asio::io_context context;
    scripted_peer peer(context,
                       {{{chat_answer("1")}, {chat_answer("2")}, {chat_answer("3")}, {chat_answer("4")}}});
    client llm(context.get_executor(), options_for(peer.base_url()));

    bool called = false;
    llm.async_complete(completion_request("a"), [&](error_code, const completion&) { called = true; });
    CHECK_FALSE(called);

    std::future<completion> future = llm.async_complete(completion_request("a"), asio::use_future);
    std::string texts;
    auto coroutine = [&]() -> asio::awaitable<void> {
        const completion thrown_or = co_await llm.async_complete(completion_request("a"));
        const auto [error, result] =
            co_await llm.async_complete(completion_request("a"), asio::as_tuple(asio::use_awaitable));
        texts = thrown_or.text + (error ? "" : result.text);
    };
    bool finished = false;
    asio::co_spawn(context, coroutine, [&](std::exception_ptr) { finished = true; });
    const auto ready = [&] { return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready; };
    while (!(called && finished && ready()) && context.run_one() != 0) continue;
    CHECK(called);
    CHECK_FALSE(future.get().text.empty());
    CHECK(texts.size() == 2);
}

TEST_CASE("a request that breaks a rule is refused before anything is sent") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("no")}}});
    client llm(context.get_executor(), options_for(peer.base_url()));
    const outcome ended = complete(context, llm, completion_request("a").temperature(3));
    CHECK(ended.error == errc::invalid_request);
    CHECK(contains(ended.result.info.message, "temperature"));
    CHECK(ended.result.info.attempts == 0);
    CHECK(peer.connections() == 0);
}

TEST_CASE("options are checked when the client is made, by name") {
    asio::io_context context;
    const auto problem = [&](const client_options& options) -> std::string {
        try {
            client llm(context.get_executor(), options);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "accepted";
    };
    CHECK(problem(client_options()) == "base_url: must be given");
    CHECK(contains(problem(client_options().base_url("ftp://x")),
                   "base_url: must begin with http:// or https://"));
    CHECK(contains(problem(client_options().base_url("http://x:99999")), "base_url: "));
    CHECK_FALSE(contains(problem(client_options().base_url("http://me:pass@x")), "pass@"));
    const client_options good = client_options().base_url("http://localhost");
    CHECK(problem(good) == "accepted");
    CHECK(
        contains(problem(client_options(good).attempt_timeout(duration(0))), "attempt_timeout: must be > 0"));
    CHECK(contains(problem(client_options(good).header("a b", "c")), "header: "));
    CHECK(contains(problem(client_options(good).header("a", "c\r\nx: y")), "header: "));
    for (const auto* const framing : {"Host", "content-length", "Transfer-Encoding", "Content-Encoding",
                                      "Accept-Encoding", "Expect", "Upgrade", "TE", "Trailer"}) {
        CHECK(contains(problem(client_options(good).header(framing, "x")),
                       "header: \"" + std::string(framing) + "\" is set by the transport"));
    }
    CHECK(contains(problem(client_options(good).api_key("a\nb")), "api_key: "));
    CHECK(contains(problem(client_options(good).max_body_bytes(1)), "max_body_bytes: "));
    CHECK(
        contains(problem(client_options(good).max_bodies_bytes(1)), "max_bodies_bytes: must be 0 or from "));
    CHECK(problem(client_options(good).max_body_bytes(4096).max_bodies_bytes(4096)) == "accepted");
    CHECK(contains(problem(client_options(good).base_url("https://x").ca_file("/nonexistent")), "ca_file: "));
}

TEST_CASE("a client's requests follow conditions, hooks and computed waits as any retried call") {
    asio::io_context context;
    const std::string body = R"({"error":{"message":"the model is loading"}})";
    const std::string loading =
        "HTTP/1.1 400 Bad Request\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    scripted_peer peer(context, {{{loading}, {loading}, {chat_answer("ok")}}});
    std::vector<std::string> told;
    const auto note = [&](const char* what) {
        return [&told, what](const retry_state& state) {
            const diagnostic* known = state.outcome ? state.outcome->detail<diagnostic>() : nullptr;
            told.push_back(what + std::to_string(state.attempts) + ' ' +
                           std::to_string(known ? known->http_status : 0));
        };
    };
    client_options options = options_for(peer.base_url());
    // By itself a 400 is final.
    retry_policy policy = retry_policy().retry_on(retry_if_message("model is loading"));
    policy.before_sleep(note("sleep ")).on_success(note("success ")).on_give_up(note("give up "));
    unsigned expected_attempts = 3;
    std::vector<std::string> expected{"sleep 1 400", "sleep 2 400", "success 3 0"};
    SUBCASE("to success") {}
    SUBCASE("to a limit") {
        policy.stop(stop_after_attempts(2));
        expected_attempts = 2;
        expected = {"sleep 1 400", "give up 2 400"};
    }
    SUBCASE("unless given up") {
        policy.give_up_on(retry_if_error(condition::permanent));
        expected_attempts = 1;
        expected = {"give up 1 400"};
    }
    const auto wait = backoff_policy::computed([](const retry_state& state) {
        CHECK(state.outcome->error() == errc::bad_request);
        return std::chrono::milliseconds(1);
    });
    client llm(context.get_executor(), options.retry(policy).backoff(wait));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.result.info.attempts == expected_attempts);
    CHECK(ended.error == (expected_attempts == 3 ? error_code() : make_error_code(errc::bad_request)));
    CHECK(told == expected);
}

TEST_CASE("a request that does not get into the line again says what its last attempt met") {
    asio::io_context context;
    scripted_peer peer(context, {{{answer(500, R"({"error":{"message":"broken"}})")}}});
    gate shared(context.get_executor(), coordinator_options(), 1);
    const auto closes = retry_policy().before_sleep([&](const retry_state&) { shared.close(); });
    client llm(context.get_executor(), impatient_options_for(peer.base_url()).retry(closes), shared);
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::shut_down);
    CHECK(ended.result.info.message == "broken");
    CHECK(ended.result.info.last_error == errc::server_error);
    CHECK(ended.result.info.http_status == 500);
    CHECK(ended.result.info.attempts == 1);
}

namespace {

template <class Policy>
concept a_client_takes = requires(client_options options, Policy policy) {
    options.retry(policy);
};

}  // namespace

TEST_CASE("a chain of a policy that only a single call can use does not compile in a client's options") {
    retry_policy policy;
    static_assert(a_client_takes<decltype(policy.max_attempts(3).retry_on(retry_always()))>);
    static_assert(a_client_takes<const retry_policy>);
    static_assert(!a_client_takes<decltype(policy.reraise(false))>);
    static_assert(!a_client_takes<decltype(policy.statistics(nullptr).max_attempts(3))>);
    static_assert(!a_client_takes<decltype(policy.fallback([](const retry_state&) { return 7; }))>);
    // The same object: what was written as a statement still is one.
    policy.reraise(false).max_attempts(3);
    CHECK_FALSE(policy.reraise());
    CHECK(policy.max_attempts() == 3);
}

TEST_CASE("what only a single call can use is refused by a client's options") {
    client_options options = options_for("http://127.0.0.1:9/v1");
    retry_policy policy;
    SUBCASE("fallback") {
        policy.fallback([](const retry_state&) { return completion(); });
    }
    SUBCASE("reraise") {
        policy.reraise(false);
    }
    SUBCASE("statistics") {
        policy.statistics(std::make_shared<retry_statistics>());
    }
    CHECK_THROWS_AS(options.retry(policy).validate(), std::invalid_argument);
}
