#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <future>

#include "scenario/scenario_file.hpp"
#include "support/completing.hpp"
#include "support/scripted_peer.hpp"
#include "throttled_server/server.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;
using namespace std::chrono_literals;

namespace {

struct opening {
    error_code error;
    completion_stream stream;
};
struct piece {
    error_code error;
    std::optional<completion_delta> delta;
};

opening open(asio::io_context& context, const client& llm, const std::string& prompt = "why?") {
    std::optional<opening> ended;
    llm.async_stream(completion_request(prompt), [&](error_code error, completion_stream stream) {
        ended.emplace(opening{error, std::move(stream)});
    });
    context.restart();
    while (!ended && context.run_one() != 0) continue;
    return std::move(ended.value());
}

piece next(asio::io_context& context, completion_stream& stream) {
    std::optional<piece> ended;
    stream.async_next([&](error_code error, std::optional<completion_delta> delta) {
        ended.emplace(piece{error, std::move(delta)});
    });
    context.restart();
    while (!ended && context.run_one() != 0) continue;
    return ended.value();
}

/// Takes everything that comes; the error with which it ends.
error_code take_all(asio::io_context& context, completion_stream& stream, std::string* text = nullptr) {
    for (;;) {
        const piece got = next(context, stream);
        if (got.error || !got.delta) return got.error;
        if (text) *text += got.delta->text;
    }
}

std::string chat_stream(const std::vector<std::string>& pieces) {
    return event_stream(chat_documents(pieces));
}
/// What a stream says until the end of its n-th document.
std::string begin_of_stream(const std::vector<std::string>& pieces, std::size_t documents) {
    auto all = chat_documents(pieces);
    all.resize(documents);
    const std::string whole = event_stream(all);
    return whole.substr(0, whole.size() - std::string("0\r\n\r\n").size());
}

provider::scenario scenario_of(const std::string& provider) {
    return wire::parse_scenario("{\"name\": \"test\", \"provider\": " + provider + "}",
                                wire::clients_member::optional);
}

coordinator_options quick() {
    return coordinator_options().initial_rate(1000);
}
client_options once(const std::string& base_url) {
    return impatient_options_for(base_url).retry(retry_policy().max_attempts(1));
}

}  // namespace

TEST_CASE("a stream gives its pieces, then its end, and has the whole answer") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_stream({"be", "cause"})}, {chat_stream({"again"})}}});
    client llm(context.get_executor(), options_for(peer.base_url()), quick());
    opening got = open(context, llm);
    REQUIRE_FALSE(got.error);
    CHECK(llm.gate().status().accepted == 1);
    CHECK(llm.gate().status().in_flight == 1);
    CHECK(next(context, got.stream).delta->text == "be");
    const piece second = next(context, got.stream);
    CHECK(second.delta->text == "cause");
    CHECK(second.delta->raw == chat_documents({"be", "cause"})[1]);
    CHECK(next(context, got.stream).delta->finish_reason == "stop");
    CHECK(next(context, got.stream).delta->usage.completion_tokens.value() == 2);
    for (int times = 0; times < 2; ++times) {
        const piece end = next(context, got.stream);
        CHECK_FALSE(end.error);
        CHECK_FALSE(end.delta);
    }
    const completion& whole = got.stream.result();
    CHECK(whole.text == "because");
    CHECK(whole.finish_reason == "stop");
    CHECK(whole.usage.prompt_tokens.value() == 3);
    CHECK(whole.info.attempts == 1);
    CHECK(whole.info.http_status == 200);
    CHECK(whole.info.request_id == "chatcmpl-1");
    CHECK(whole.info.phase == request_phase::answered);
    CHECK(llm.gate().status().in_flight == 0);
    CHECK(llm.gate().status().accepted == 1);
    CHECK(peer.requests()[0].find(R"("stream":true,"stream_options":{"include_usage":true})") !=
          std::string::npos);
    // The connection is kept.
    opening again = open(context, llm);
    std::string text;
    CHECK_FALSE(take_all(context, again.stream, &text));
    CHECK(text == "again");
    CHECK(peer.connections() == 1);
}

TEST_CASE("a piece is handed out when it has come, whatever comes after it") {
    asio::io_context context;
    scripted_peer peer(context, {{{begin_of_stream({"be", "cause"}, 1), turn::fall_silent}}});
    client llm(context.get_executor(), options_for(peer.base_url()), quick());
    opening got = open(context, llm);
    CHECK(next(context, got.stream).delta->text == "be");
}

TEST_CASE("a head alone opens no stream, and the first piece has its time") {
    asio::io_context context;
    scripted_peer peer(context, {{{begin_of_stream({}, 0), turn::fall_silent}}});
    client llm(context.get_executor(), once(peer.base_url()).stream_idle_timeout(20ms), quick());
    opening got = open(context, llm);
    CHECK(got.error == errc::answer_timed_out);
    CHECK(got.stream.result().info.http_status == 200);
    CHECK(llm.gate().status().in_flight == 0);
}

TEST_CASE("a refusal in the place of the first event is one of the request's, and tried again") {
    const std::string throttled = R"({"error":{"message":"slow down","code":429}})";
    const std::string crowded = R"({"type":"error","error":{"type":"overloaded_error","message":"busy"}})";
    asio::io_context context;
    // Each on a connection of its own, whether the end of the body has come by then or not.
    scripted_peer peer(context, {{{event_stream({throttled}), turn::close}},
                                 {{event_stream({crowded}), turn::close}},
                                 {{answer(200, throttled), turn::close}},
                                 {{chat_stream({"ok"})}}});
    client llm(context.get_executor(), impatient_options_for(peer.base_url()), quick());
    opening got = open(context, llm);
    REQUIRE_FALSE(got.error);
    std::string text;
    CHECK_FALSE(take_all(context, got.stream, &text));
    CHECK(text == "ok");
    CHECK(got.stream.result().info.attempts == 4);
    CHECK(got.stream.result().info.rejections == 3);
    CHECK(llm.gate().status().throttled == 3);
    CHECK(llm.gate().status().accepted == 1);
    CHECK(llm.gate().status().in_flight == 0);
}

TEST_CASE("an error of another kind in the place of the first event opens no stream") {
    asio::io_context context;
    scripted_peer peer(context, {{{event_stream({R"({"error":{"message":"out of memory"}})"})}}});
    client llm(context.get_executor(), options_for(peer.base_url()), quick());
    opening got = open(context, llm);
    CHECK(got.error == errc::error_in_answer);
    CHECK(got.stream.result().info.message == "out of memory");
    CHECK(peer.requests().size() == 1);
}

TEST_CASE("a stream that breaks before its first piece is asked for again") {
    asio::io_context context;
    scripted_peer peer(context,
                       {{{begin_of_stream({}, 0) + "3\r\n:x\n\r\n", turn::reset}}, {{chat_stream({"ok"})}}});
    client llm(context.get_executor(), impatient_options_for(peer.base_url()), quick());
    opening got = open(context, llm);
    REQUIRE_FALSE(got.error);
    std::string text;
    CHECK_FALSE(take_all(context, got.stream, &text));
    CHECK(text == "ok");
    CHECK(got.stream.result().info.attempts == 2);
}

TEST_CASE("until the first piece has come a streamed request is tried again like any other") {
    asio::io_context context;
    const std::string refusal = answer(429, R"({"error":{"message":"slow down"}})");
    const std::string failure = answer(500, R"({"error":{"message":"boom"}})");
    scripted_peer peer(context, {{{refusal}, {failure}, {"", turn::reset}}, {{chat_stream({"ok"})}}});
    client llm(context.get_executor(), impatient_options_for(peer.base_url()), quick());
    opening got = open(context, llm);
    REQUIRE_FALSE(got.error);
    std::string text;
    CHECK_FALSE(take_all(context, got.stream, &text));
    CHECK(text == "ok");
    CHECK(got.stream.result().info.attempts == 4);
    CHECK(got.stream.result().info.rejections == 1);
}

TEST_CASE("a request that fails for good opens no stream and says why") {
    asio::io_context context;
    scripted_peer peer(context, {{{answer(400, R"({"error":{"message":"no such model"}})")}}});
    client llm(context.get_executor(), options_for(peer.base_url()), quick());
    opening got = open(context, llm);
    CHECK(got.error == errc::bad_request);
    REQUIRE(got.stream);
    CHECK(got.stream.result().info.message == "no such model");
    CHECK(got.stream.result().info.http_status == 400);
    CHECK(next(context, got.stream).error == errc::bad_request);
    CHECK(llm.gate().status().in_flight == 0);

    error_code refused;
    llm.async_stream(completion_request("x").temperature(3),
                     [&](error_code error, const completion_stream& stream) {
                         refused = error;
                         CHECK(stream.result().info.message == "temperature: must be within 0..2, is 3");
                     });
    context.restart();
    while (!refused && context.run_one() != 0) continue;
    CHECK(refused == errc::invalid_request);
}

TEST_CASE("a stream cut at any byte is never whole before its end marker, and keeps its text") {
    const std::string whole = chat_stream({"be", "cause"});
    const std::string marker = "data: [DONE]\n\n";
    const std::size_t marker_end = whole.find(marker) + marker.size();
    const std::size_t first_end = whole.find("\n\n") + 2;
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        CAPTURE(cut);
        asio::io_context context;
        scripted_peer peer(context, {{{whole.substr(0, cut), turn::close}}});
        client llm(context.get_executor(), once(peer.base_url()), quick());
        opening got = open(context, llm);
        if (cut < first_end) {
            REQUIRE(got.error == condition::retryable);
            CHECK(llm.gate().status().in_flight == 0);
            continue;
        }
        REQUIRE_FALSE(got.error);
        std::string text;
        const error_code ended = take_all(context, got.stream, &text);
        CHECK(got.stream.result().text == text);
        if (cut >= marker_end) {
            CHECK_FALSE(ended);
            CHECK(text == "because");
        } else {
            REQUIRE(ended == errc::answer_truncated);
            CHECK(std::string("because").starts_with(text));
            CHECK_FALSE(text.empty());
            CHECK(got.stream.result().info.message != "");
        }
        CHECK(peer.requests().size() == 1);
        CHECK(llm.gate().status().in_flight == 0);
    }
}

TEST_CASE("a stream that breaks after its first piece is not asked for again") {
    asio::io_context context;
    scripted_peer peer(context, {{{begin_of_stream({"be", "cause"}, 1), turn::reset}}});
    client llm(context.get_executor(), impatient_options_for(peer.base_url()), quick());
    opening got = open(context, llm);
    const error_code ended = take_all(context, got.stream);
    CHECK(ended == errc::answer_truncated);
    CHECK(ended == condition::retryable);
    CHECK(got.stream.result().info.last_error == errc::answer_truncated);
    CHECK(got.stream.result().info.phase == request_phase::receiving);
    CHECK(next(context, got.stream).error == errc::answer_truncated);
    CHECK(peer.requests().size() == 1);
}

TEST_CASE("a server that goes silent is given up after the idle time, or at the deadline") {
    asio::io_context context;
    scripted_peer peer(context,
                       {{{begin_of_stream({"be", "cause"}, 1) + "3\r\n:x\n\r\n", turn::fall_silent}}});
    auto options = options_for(peer.base_url());
    errc expected{};
    SUBCASE("idle") {
        options.stream_idle_timeout(20ms);
        expected = errc::answer_timed_out;
    }
    SUBCASE("deadline") {
        options.deadline(200ms);
        expected = errc::deadline_exceeded;
    }
    client llm(context.get_executor(), options, quick());
    opening got = open(context, llm);
    REQUIRE_FALSE(got.error);
    CHECK(take_all(context, got.stream) == expected);
    CHECK(got.stream.result().text == "be");
    CHECK(llm.gate().status().in_flight == 0);
}

TEST_CASE("a head that does not come is the attempt's time limit") {
    asio::io_context context;
    scripted_peer peer(context, {{{"HTTP/1.1 200 OK\r\n", turn::fall_silent}}});
    client llm(context.get_executor(), once(peer.base_url()).attempt_timeout(20ms), quick());
    CHECK(open(context, llm).error == errc::answer_timed_out);
}

TEST_CASE("an error inside a stream ends it with the server's words") {
    asio::io_context context;
    auto documents = chat_documents({"half"});
    documents.resize(1);
    documents.emplace_back(R"({"error":{"message":"out of memory"}})");
    scripted_peer peer(context, {{{event_stream(documents)}}});
    client llm(context.get_executor(), options_for(peer.base_url()), quick());
    opening got = open(context, llm);
    CHECK(take_all(context, got.stream) == errc::error_in_answer);
    CHECK(got.stream.result().text == "half");
    CHECK(got.stream.result().info.message == "out of memory");
    CHECK(peer.requests().size() == 1);
}

TEST_CASE("a head that does not say what the body is leaves that to the body's beginning") {
    asio::io_context context;
    const std::string stream = "data: " + chat_documents({"a"})[0] +
                               "\n\ndata: " + chat_documents({"a"}).at(1) + "\n\ndata: [DONE]\n\n";
    const std::string whole = chat_answer("a");
    const std::string document = whole.substr(whole.find("\r\n\r\n") + 4);
    for (const std::string type :
         {"", "Content-Type: text/plain\r\n", "Content-Type: text/event-stream\r\n"}) {
        for (const std::string& body : {stream, "\xEF\xBB\xBF\n" + stream, document, "\n\n" + document}) {
            if (type.ends_with("stream\r\n") && body.ends_with(document)) continue;
            CAPTURE(type);
            CAPTURE(body);
            const std::string head =
                "HTTP/1.1 200 OK\r\n" + type + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
            scripted_peer peer(context, {{{head + body}}});
            client llm(context.get_executor(), options_for(peer.base_url()), quick());
            opening got = open(context, llm);
            REQUIRE_FALSE(got.error);
            std::string text;
            CHECK_FALSE(take_all(context, got.stream, &text));
            CHECK(text == "a");
            CHECK(llm.gate().status().in_flight == 0);
        }
    }
    for (const std::string body : {"oops", " ", ""}) {
        CAPTURE(body);
        const std::string head =
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
        scripted_peer peer(context, {{{head + body}, {head + body}, {head + body}}});
        client llm(context.get_executor(), impatient_options_for(peer.base_url()), quick());
        opening got = open(context, llm);
        CHECK(got.error == errc::unreadable_answer);
        CHECK(got.stream.result().info.unreadable_answers == 3);
        CHECK(llm.gate().status().in_flight == 0);
    }
}

TEST_CASE("an answer that is neither a stream nor JSON opens none, and is asked for again") {
    asio::io_context context;
    // Each on a connection of its own, whether the body has come by then or not.
    const std::string page =
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>";
    SUBCASE("until one can be read") {
        scripted_peer peer(context, {{{page}}, {{chat_stream({"ok"})}}});
        client llm(context.get_executor(), impatient_options_for(peer.base_url()), quick());
        opening got = open(context, llm);
        CHECK_FALSE(got.error);
        std::string text;
        CHECK_FALSE(take_all(context, got.stream, &text));
        CHECK(text == "ok");
        CHECK(got.stream.result().info.attempts == 2);
        CHECK(got.stream.result().info.unreadable_answers == 1);
    }
    SUBCASE("twice at most") {
        scripted_peer peer(context, {{{page}}, {{page}}, {{page}}, {{page}}});
        client llm(context.get_executor(), impatient_options_for(peer.base_url()), quick());
        opening got = open(context, llm);
        CHECK(got.error == errc::unreadable_answer);
        CHECK(got.stream.result().info.message == "answer is no event stream, but text/html");
        CHECK(peer.requests().size() == 3);
        CHECK(llm.gate().status().accepted == 3);
        CHECK(llm.gate().status().in_flight == 0);
    }
}

TEST_CASE(
    "a document in the place of a stream that cannot be read is asked for again, as nothing was handed out") {
    asio::io_context context;
    scripted_peer peer(context, {{{answer(200, R"({"choices":[{"mess)")}, {chat_stream({"ok"})}}});
    client llm(context.get_executor(), impatient_options_for(peer.base_url()), quick());
    opening got = open(context, llm);
    REQUIRE_FALSE(got.error);
    CHECK(next(context, got.stream).delta->text == "ok");
    CHECK(got.stream.result().info.unreadable_answers == 1);
    CHECK(peer.requests().size() == 2);
}

TEST_CASE("an answer in one piece is a stream of one delta") {
    asio::io_context context;
    SUBCASE("whole") {
        scripted_peer peer(context, {{{chat_answer("because")}}});
        client llm(context.get_executor(), options_for(peer.base_url()), quick());
        opening got = open(context, llm);
        const piece only = next(context, got.stream);
        REQUIRE(only.delta);
        CHECK(only.delta->text == "because");
        CHECK(only.delta->finish_reason == "stop");
        CHECK(only.delta->usage.prompt_tokens.value() == 3);
        CHECK_FALSE(next(context, got.stream).delta);
        CHECK(got.stream.result().text == "because");
        CHECK(got.stream.result().raw == only.delta->raw);
        CHECK(got.stream.result().info.attempts == 1);
        CHECK(llm.gate().status().in_flight == 0);
    }
    SUBCASE("with an error in it") {
        scripted_peer peer(context, {{{answer(200, R"({"error":{"message":"model crashed"}})")}}});
        client llm(context.get_executor(), options_for(peer.base_url()), quick());
        opening got = open(context, llm);
        CHECK(next(context, got.stream).error == errc::error_in_answer);
        CHECK(got.stream.result().info.message == "model crashed");
    }
    SUBCASE("cut") {
        const std::string bytes = chat_answer("because");
        scripted_peer peer(context, {{{bytes.substr(0, bytes.size() - 1), turn::close}}});
        client llm(context.get_executor(), once(peer.base_url()), quick());
        opening got = open(context, llm);
        CHECK(next(context, got.stream).error == errc::answer_truncated);
    }
}

TEST_CASE("LLM Engine's stream is asked for at its own path and ends with finished") {
    asio::io_context context;
    const auto event = [](const std::string& text, bool finished) {
        return R"({"request_id":"r","output":{"text":")" + text + R"(","finished":)" +
               (finished ? "true" : "false") +
               R"(,"num_prompt_tokens":1,"num_completion_tokens":2},"error":null})";
    };
    scripted_peer peer(context, {{{event_stream({event("be", false), event("cause", true)})}}});
    client llm(context.get_executor(), options_for(peer.base_url()).dialect(dialect::llm_engine), quick());
    opening got = open(context, llm);
    std::string text;
    CHECK_FALSE(take_all(context, got.stream, &text));
    CHECK(text == "because");
    CHECK(peer.requests()[0].starts_with("POST /v1/llm/completions-stream?model_endpoint_name=m HTTP/1.1"));
}

TEST_CASE("an event and a body that are larger than allowed end the stream") {
    asio::io_context context;
    const std::string large(5000, 'x');
    scripted_peer peer(context, {{{chat_stream({"be", large})}}});
    auto options = options_for(peer.base_url());
    SUBCASE("event") {
        options.max_event_bytes(4096);
    }
    SUBCASE("body") {
        options.max_body_bytes(4096);
    }
    client llm(context.get_executor(), options, quick());
    opening got = open(context, llm);
    // With the body's bound the head may have come with bytes that break it.
    const error_code ended = got.error ? got.error : take_all(context, got.stream);
    CHECK(ended == errc::answer_too_large);
    CHECK(llm.gate().status().in_flight == 0);
}

TEST_CASE("a caller that does not ask stops the server") {
    asio::io_context context;
    // More than the system's buffers of both ends hold.
    const std::vector<std::string> pieces(8000, std::string(8000, 'x'));
    scripted_peer peer(context, {{{chat_stream(pieces)}}});
    client llm(context.get_executor(), options_for(peer.base_url()).max_body_bytes(std::size_t{1} << 30),
               quick());
    opening got = open(context, llm);
    CHECK(next(context, got.stream).delta->text.size() == 8000);
    context.restart();
    while (context.poll() != 0) context.restart();
    CHECK(peer.written() == 0);
    CHECK(got.stream.result().text.size() == 8000);
    CHECK_FALSE(take_all(context, got.stream));
    CHECK(got.stream.result().text.size() == 64'000'000);
    CHECK(peer.written() == 1);
}

TEST_CASE("destroying a stream closes the connection and gives the place back") {
    asio::io_context context;
    scripted_peer peer(context, {{{begin_of_stream({"be", "cause"}, 1)}, {}}});
    client llm(context.get_executor(), options_for(peer.base_url()), quick());
    std::optional<opening> got = open(context, llm);
    CHECK(next(context, got->stream).delta->text == "be");
    std::optional<piece> pending;
    bool asks = false;
    SUBCASE("while nobody asks") {}
    SUBCASE("while a piece is awaited") {
        asks = true;
        got->stream.async_next([&](error_code error, std::optional<completion_delta> delta) {
            pending.emplace(piece{error, std::move(delta)});
        });
        context.restart();
        context.poll();
        CHECK_FALSE(pending);
    }
    CHECK(llm.gate().status().in_flight == 1);
    got.reset();
    context.restart();
    while (peer.ended() == 0 && context.run_one() != 0) continue;
    CHECK(peer.ended() == 1);
    context.restart();
    context.poll();
    CHECK(llm.gate().status().in_flight == 0);
    CHECK(pending.has_value() == asks);
    if (pending) CHECK(pending->error == errc::cancelled);
}

TEST_CASE("moving a stream onto another closes that one alone") {
    asio::io_context context;
    scripted_peer peer(context,
                       {{{begin_of_stream({"one"}, 1), turn::fall_silent}}, {{chat_stream({"two"})}}});
    client llm(context.get_executor(), options_for(peer.base_url()), quick());
    opening first = open(context, llm);
    opening second = open(context, llm);
    REQUIRE(llm.gate().status().in_flight == 2);
    first.stream = std::move(second.stream);
    std::string text;
    CHECK_FALSE(take_all(context, first.stream, &text));
    CHECK(text == "two");
    CHECK(llm.gate().status().in_flight == 0);
    CHECK_FALSE(second.stream);
}

TEST_CASE("only one piece may be awaited; a second one changes nothing") {
    asio::io_context context;
    scripted_peer peer(context, {{{begin_of_stream({"one"}, 1), turn::fall_silent}}});
    client llm(context.get_executor(), options_for(peer.base_url()).stream_idle_timeout(50ms), quick());
    opening got = open(context, llm);
    REQUIRE(next(context, got.stream).delta);
    std::vector<error_code> errors;
    const auto note = [&](error_code error, const std::optional<completion_delta>&) {
        errors.push_back(error);
    };
    got.stream.async_next(note);
    got.stream.async_next(note);
    context.restart();
    while (errors.size() < 2 && context.run_one() != 0) continue;
    REQUIRE(errors.size() == 2);
    CHECK(errors[0] == errc::invalid_request);
    CHECK(errors[1] == errc::answer_timed_out);
}

TEST_CASE("cancelling after any number of steps ends a stream once and gives everything back") {
    bool alone = false;
    SUBCASE("on a strand") {}
    SUBCASE("on a context of one thread") {
        alone = true;
    }
    bool went_through = false;
    for (int steps = 0; !went_through && steps < 1000; ++steps) {
        CAPTURE(steps);
        asio::io_context context;
        const std::string refusal = answer(429, R"({"error":{"message":"x"}})", "retry-after-ms: 1\r\n");
        scripted_peer peer(context, {{{refusal}, {chat_stream({"be", "cause"})}}});
        client llm(context.get_executor(), options_for(peer.base_url()).single_threaded(alone), quick());
        asio::cancellation_signal signal;
        int endings = 0;
        error_code last;
        completion_stream kept;
        std::function<void()> ask = [&] {
            auto on_piece = [&](error_code error, const std::optional<completion_delta>& delta) {
                last = error;
                if (!error && delta) return ask();
                ++endings;
            };
            kept.async_next(asio::bind_cancellation_slot(signal.slot(), on_piece));
        };
        auto on_stream = [&](error_code error, completion_stream stream) {
            last = error;
            kept = std::move(stream);
            if (error) {
                ++endings;
            } else {
                ask();
            }
        };
        llm.async_stream(completion_request("why?"), asio::bind_cancellation_slot(signal.slot(), on_stream));
        int run = 0;
        while (run < steps && endings == 0 && context.run_one() != 0) ++run;
        went_through = endings == 1;
        signal.emit(asio::cancellation_type::terminal);
        while (endings == 0 && context.run_one() != 0) continue;
        CHECK(endings == 1);
        CHECK((!last || last == errc::cancelled));
        kept = {};
        context.restart();
        context.poll();
        CHECK(endings == 1);
        CHECK(llm.gate().status().in_flight == 0);
        CHECK(llm.gate().status().waiting == 0);
    }
    CHECK(went_through);
}

TEST_CASE(
    "destroying the context after any number of steps of a coroutine that owns its stream leaks nothing") {
    bool alone = false;
    SUBCASE("on a strand") {}
    SUBCASE("on a context of one thread") {
        alone = true;
    }
    bool went_through = false;
    for (int steps = 0; !went_through && steps < 1000; ++steps) {
        asio::io_context context;
        scripted_peer peer(context, {{{chat_stream({"be", "cause"})}}});
        client llm(context.get_executor(), options_for(peer.base_url()).single_threaded(alone), quick());
        auto work = [](client from, bool& done) -> asio::awaitable<void> {
            auto request = completion_request("why?");
            auto stream = co_await from.async_stream(request, asio::use_awaitable);
            while (auto delta = co_await stream.async_next(asio::use_awaitable)) continue;
            done = true;
        };
        asio::co_spawn(context, work(llm, went_through), asio::detached);
        for (int run = 0; run < steps && !went_through && context.run_one() != 0; ++run) continue;
    }
    CHECK(went_through);
}

TEST_CASE("closing the client ends its streams, awaited or not") {
    asio::io_context context;
    scripted_peer peer(context, {{{begin_of_stream({"be", "cause"}, 1), turn::fall_silent}}});
    client llm(context.get_executor(), options_for(peer.base_url()), quick());
    opening idle = open(context, llm);
    opening awaited = open(context, llm);
    CHECK(next(context, awaited.stream).delta->text == "be");
    error_code ended;
    awaited.stream.async_next(
        [&](error_code error, const std::optional<completion_delta>&) { ended = error; });
    context.restart();
    context.poll();
    llm.close();
    context.restart();
    while (!ended && context.run_one() != 0) continue;
    CHECK(ended == errc::shut_down);
    CHECK(next(context, idle.stream).error == errc::shut_down);
    CHECK(llm.gate().status().in_flight == 0);
    CHECK(open(context, llm).error == errc::shut_down);
}

TEST_CASE("the end is handed out at the end marker, though the server keeps the connection") {
    asio::io_context context;
    const std::string whole = chat_stream({"be"});
    scripted_peer peer(context,
                       {{{whole.substr(0, whole.size() - 5), turn::fall_silent}}, {{chat_stream({"next"})}}});
    client llm(context.get_executor(), options_for(peer.base_url()), quick());
    opening got = open(context, llm);
    const auto before = std::chrono::steady_clock::now();
    CHECK_FALSE(take_all(context, got.stream));
    CHECK(std::chrono::steady_clock::now() - before < 30s);
    CHECK(llm.gate().status().in_flight == 0);
    // That connection is not used again.
    opening other = open(context, llm);
    std::string text;
    CHECK_FALSE(take_all(context, other.stream, &text));
    CHECK(text == "next");
    CHECK(peer.connections() == 2);
    llm.close();
}

TEST_CASE("every kind of completion token works for streams, and none completes inline") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_stream({"a"})}, {chat_stream({"b"})}}});
    client llm(context.get_executor(), options_for(peer.base_url()), quick());
    auto future = llm.async_stream(completion_request("x"), asio::use_future);
    CHECK(future.wait_for(0s) == std::future_status::timeout);
    context.poll();
    while (future.wait_for(0s) != std::future_status::ready) context.run_one();
    completion_stream stream = future.get();
    bool called = false;
    stream.async_next([&](error_code, const std::optional<completion_delta>&) { called = true; });
    CHECK_FALSE(called);
    while (!called) context.run_one();
    CHECK_FALSE(take_all(context, stream));

    std::string text;
    auto work = [&]() -> asio::awaitable<void> {
        auto opened = co_await llm.async_stream(completion_request("y"));
        while (auto delta = co_await opened.async_next()) text += delta->text;
    };
    std::exception_ptr failure;
    asio::co_spawn(context, work(), [&](const std::exception_ptr& thrown) { failure = thrown; });
    context.restart();
    while (text.empty() && context.run_one() != 0) continue;
    CHECK(failure == nullptr);
    CHECK(text == "b");
}

TEST_CASE("every dialect, whole and streamed, against the throttled server") {
    asio::io_context context;
    server::server provider(context.get_executor(),
                            scenario_of(R"({"limits": [], "latency": {"mean_s": 0.001}, "rtt_s": 0})"));
    for (const auto spoken : {dialect::openai_chat, dialect::openai_completions, dialect::llm_engine}) {
        CAPTURE(to_string(spoken));
        client llm(context.get_executor(), options_for("http://" + provider.address()).dialect(spoken),
                   quick());
        const outcome whole = complete(context, llm, completion_request("why?"));
        REQUIRE_FALSE(whole.error);
        opening got = open(context, llm);
        REQUIRE_FALSE(got.error);
        std::string text;
        CHECK_FALSE(take_all(context, got.stream, &text));
        const completion& streamed = got.stream.result();
        CHECK(text == "answer to: why?");
        CHECK(streamed.text == whole.result.text);
        CHECK(streamed.finish_reason == whole.result.finish_reason);
        CHECK(streamed.usage.prompt_tokens.value() == whole.result.usage.prompt_tokens.value());
        CHECK(streamed.usage.completion_tokens.value() == whole.result.usage.completion_tokens.value());
    }
    CHECK(provider.stats().connections_total == 3);
    CHECK(provider.stats().all.accepted == 6);
}

TEST_CASE("open streams count as in flight, so that a limit on those is kept") {
    asio::io_context context;
    server::server provider(
        context.get_executor(),
        scenario_of(
            R"({"limits": [{"kind": "concurrency", "max": 3}], "latency": {"mean_s": 0.01}, "rtt_s": 0})"));
    client llm(context.get_executor(), options_for("http://" + provider.address()), quick().max_in_flight(3));
    int whole = 0;
    auto work = [](client from, int& count) -> asio::awaitable<void> {
        auto request = completion_request("why?");
        auto stream = co_await from.async_stream(request, asio::use_awaitable);
        while (auto delta = co_await stream.async_next(asio::use_awaitable)) continue;
        ++count;
    };
    for (int i = 0; i < 12; ++i) asio::co_spawn(context, work(llm, whole), asio::detached);
    while (whole < 12 && context.run_one() != 0) CHECK(llm.gate().status().in_flight <= 3);
    CHECK(provider.stats().all.accepted == 12);
    CHECK(provider.stats().all.rejected == 0);
}

TEST_CASE("comments do not keep a stream from being idle") {
    asio::io_context context;
    asio::ip::tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    std::string first;
    SUBCASE("before its first piece") {}
    SUBCASE("behind it") {
        first = "data: " + chat_documents({"be"})[0] + "\n\n";
    }
    auto drip = [&]() -> asio::awaitable<void> {
        auto socket = co_await acceptor.async_accept(asio::use_awaitable);
        std::string bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + first;
        for (;;) {
            const auto buffer = asio::buffer(bytes);
            co_await asio::async_write(socket, buffer, asio::use_awaitable);
            bytes = ": ping\n\n";
            asio::steady_timer pause(context, 5ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
    };
    asio::co_spawn(context, drip(), asio::detached);
    const auto url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    client llm(context.get_executor(), once(url).stream_idle_timeout(50ms), quick());
    opening got = open(context, llm);
    CHECK(got.error == (first.empty() ? error_code(errc::answer_timed_out) : error_code()));
    if (!first.empty()) CHECK(next(context, got.stream).delta);
    CHECK(next(context, got.stream).error == errc::answer_timed_out);
    CHECK(got.stream.result().info.message == "no piece of the answer came in time");
}
