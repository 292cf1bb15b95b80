#include <doctest/doctest.h>

#include <string>

#include "dialect/stream_beginning.hpp"

using stagger::dialect;
using stagger::errc;
using stagger::verdict;
using namespace stagger::wire;
using namespace std::chrono_literals;

namespace {

constexpr double now = 1700000000;
using step = stream_beginning::step;

response events() {
    response received;
    received.status = 200;
    received.fields = {{"Content-Type", "text/event-stream"}, {"x-request-id", "req-1"}};
    return received;
}

struct told {
    step what = step::more;
    decoded_answer head;
};

bool is_decided(step told) {
    return told == step::answer || told == step::failed;
}

/// What is known when all of the body has come, in pieces of that size.
told read(response received, const std::string& body, bool ended = false,
          stagger::dialect spoken = dialect::openai_chat, std::size_t piece = 1) {
    const secrets hidden("my-secret-key");
    told got;
    got.head = decode_stream_head(received, now, hidden);
    stream_beginning beginning(spoken, hidden, form_of(received.fields), 1024);
    for (std::size_t at = 0; at < body.size() && !is_decided(got.what); at += piece) {
        received.body += body.substr(at, piece);
        got.what = beginning.take(received, false, now, got.head);
    }
    if (ended && !is_decided(got.what)) got.what = beginning.take(received, true, now, got.head);
    return got;
}
told read(const std::string& body, bool ended = false, stagger::dialect spoken = dialect::openai_chat) {
    return read(events(), body, ended, spoken);
}

const std::string delta = R"(data: {"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]})";

}  // namespace

TEST_CASE("the first event of an answer decides when it is whole, and not before") {
    CHECK(read(delta + "\n").what == step::more);
    CHECK(read(delta + "\n\n").what == step::answer);
    const auto role = R"(data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})";
    CHECK(read(std::string(role) + "\n\n").what == step::answer);
    CHECK(read("").what == step::more);
    CHECK(read(": waiting\n\n: waiting\n\n").what == step::more);
    CHECK(read(": waiting\n\n" + delta + "\n\n").what == step::answer);
    CHECK(read("event: ping\ndata: still here\n\n").what == step::more);
}

TEST_CASE("an error in the place of the first event means what it means in an answer in one piece") {
    struct row {
        std::string error;
        errc code;
        stagger::verdict what;
        bool tells_limit;
    };
    const row rows[] = {
        {R"({"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}})",
         errc::rate_limited, verdict::throttled, true},
        {R"({"error":{"message":"slow down","code":429}})", errc::rate_limited, verdict::throttled, true},
        {R"({"type":"error","error":{"type":"overloaded_error","message":"slow down"}})", errc::overloaded,
         verdict::throttled, true},
        {R"({"error":{"message":"slow down","code":503}})", errc::overloaded, verdict::throttled, true},
        {R"({"error":{"message":"slow down","code":"insufficient_quota"}})", errc::quota_exhausted,
         verdict::permanent, false},
        {R"({"error":{"message":"slow down"}})", errc::error_in_answer, verdict::permanent, true},
    };
    for (const row& one : rows) {
        for (const std::string& event : {"data: " + one.error, "event: error\ndata: " + one.error,
                                         ": waiting\n\nevent: error\r\ndata: " + one.error}) {
            CAPTURE(event);
            const told got = read(event + "\n\n");
            REQUIRE(got.what == step::failed);
            CHECK(got.head.error == one.code);
            CHECK(got.head.what.verdict == one.what);
            CHECK(got.head.tells_limit == one.tells_limit);
            CHECK(got.head.answer.info.message == "slow down");
            CHECK(got.head.answer.info.http_status == 200);
            CHECK(got.head.answer.info.request_id == "req-1");
            CHECK(got.head.answer.info.last_error == one.code);
        }
    }
}

TEST_CASE("every dialect tells a refusal in the place of its first event") {
    struct row {
        stagger::dialect spoken;
        std::string body;
        errc code;
    };
    const row rows[] = {
        {dialect::openai_chat, R"(data: {"choices":[],"prompt_filter_results":[]}

data: {"error":{"message":"slow down","code":"rate_limit_exceeded"}})",
         errc::rate_limited},
        {dialect::openai_completions, R"(data: {"error":{"message":"slow down","code":503}})",
         errc::overloaded},
        {dialect::openai_responses,
         R"(event: error
data: {"type":"error","code":"rate_limit_exceeded","message":"slow down","sequence_number":0})",
         errc::rate_limited},
        {dialect::openai_responses, R"(event: response.created
data: {"type":"response.created","response":{"id":"r"}}

event: response.in_progress
data: {"type":"response.in_progress","response":{"id":"r"}}

event: response.failed
data: {"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"slow down"}}})",
         errc::rate_limited},
        {dialect::anthropic_messages, R"(event: error
data: {"type":"error","error":{"type":"overloaded_error","message":"slow down"}})",
         errc::overloaded},
        {dialect::anthropic_messages, R"(event: message_start
data: {"type":"message_start","message":{"id":"m","content":[]}}

event: ping
data: {"type":"ping"}

event: error
data: {"type":"error","error":{"type":"rate_limit_error","message":"slow down"}})",
         errc::rate_limited},
        {dialect::gemini, R"(data: {"error":{"code":503,"message":"slow down","status":"UNAVAILABLE"}})",
         errc::overloaded},
        {dialect::gemini, R"(data: {"usageMetadata":{"promptTokenCount":3}}

data: {"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}})",
         errc::rate_limited},
    };
    for (const row& one : rows) {
        CAPTURE(one.body);
        const told got = read(one.body + "\n\n", false, one.spoken);
        REQUIRE(got.what == step::failed);
        CHECK(got.head.error == one.code);
        CHECK(got.head.answer.info.message == "slow down");
    }
}

TEST_CASE("an error that stands outside of the events counts once the body has ended") {
    const std::string error =
        "[{\"error\":{\"code\":503,\"message\":\"slow down\",\"status\":\"UNAVAILABLE\"}}]";
    CHECK(read(error, false, dialect::gemini).what == step::more);
    const told got = read(error, true, dialect::gemini);
    REQUIRE(got.what == step::failed);
    CHECK(got.head.error == errc::overloaded);
    CHECK(got.head.answer.info.message == "slow down");
}

TEST_CASE("what announces an answer decides nothing, and what begins one does, in every dialect") {
    struct row {
        stagger::dialect spoken;
        std::string announced;
        std::string begun;
    };
    const row rows[] = {
        {dialect::openai_chat, R"({"choices":[]})", R"({"choices":[{"delta":{"role":"assistant"}}]})"},
        {dialect::openai_completions, R"({"usage":{}})", R"({"choices":[{"text":""}]})"},
        {dialect::openai_responses, R"({"type":"response.queued","response":{"id":"r"}})",
         R"({"type":"response.output_item.added","item":{"type":"reasoning"}})"},
        {dialect::anthropic_messages, R"({"type":"message_start","message":{"id":"m"}})",
         R"({"type":"content_block_start","content_block":{"type":"text","text":""}})"},
        {dialect::gemini, R"({"modelVersion":"g"})", R"({"candidates":[{"content":{"parts":[]}}]})"},
        {dialect::llm_engine, R"({"request_id":"r"})", R"({"output":{"text":"","finished":false}})"},
    };
    for (const row& one : rows) {
        CAPTURE(one.announced);
        const std::string first = "data: " + one.announced + "\n\n";
        CHECK(read(events(), first, false, one.spoken, 4096).what == step::announced);
        CHECK(read(first + "data: " + one.begun + "\n\n", false, one.spoken).what == step::answer);
    }
}

TEST_CASE("LLM Engine tells a status in the event") {
    const auto event = [](const std::string& status) {
        return R"(data: {"request_id":"r","error":{"status_code":)" + status +
               R"(,"content":{"error":"too many","timestamp":"now"}}})" + "\n\n";
    };
    const told got = read(event("429"), false, dialect::llm_engine);
    REQUIRE(got.what == step::failed);
    CHECK(got.head.error == errc::rate_limited);
    CHECK(got.head.answer.info.message == "status 429: too many");
    CHECK(read(event("503"), false, dialect::llm_engine).head.error == errc::overloaded);
    CHECK(read(event("400"), false, dialect::llm_engine).head.error == errc::error_in_answer);
}

TEST_CASE("a wait that head or event asks for is kept, and secrets are masked") {
    response received = events();
    received.fields.push_back({"Retry-After", "7"});
    const std::string refusal = R"(data: {"error":{"message":"no my-secret-key","code":429}})"
                                "\n\n";
    const told got = read(received, refusal);
    CHECK(got.head.what.retry_after.value() == 7s);
    CHECK(got.head.answer.info.message.find("my-secret-key") == std::string::npos);
    const told asked = read(
        R"(data: {"error":{"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"3s"}]}})"
        "\n\n");
    CHECK(asked.head.what.retry_after.value() == 3s);
}

TEST_CASE("an error behind the beginning of an answer is none of the request's") {
    const std::string error = "data: {\"error\":{\"message\":\"x\",\"code\":429}}\n\n";
    CHECK(read(events(), delta + "\n\n" + error, false, dialect::openai_chat, 4096).what == step::answer);
}

TEST_CASE("what is wrong with the form of a stream is for its reader") {
    CHECK(read("data: nonsense\n\n").what == step::answer);
    CHECK(read("data: " + std::string(2000, 'x')).what == step::answer);
    CHECK(read("data: [DONE]\n\n").what == step::answer);
}

TEST_CASE("a stream that ends without an answer is one that was cut") {
    for (const std::string body : {"", ": waiting\n\n", "data: {\"choices\":[]}"}) {
        CAPTURE(body);
        const told got = read(body, true);
        REQUIRE(got.what == step::failed);
        CHECK(got.head.error == errc::answer_truncated);
        CHECK(got.head.what.verdict == verdict::transient);
        CHECK(got.head.answer.info.message == "the stream ended before the answer did");
    }
}

TEST_CASE("a document in the place of a stream decides once it is whole") {
    response received;
    received.status = 200;
    SUBCASE("by its type") {
        received.fields = {{"Content-Type", "application/json"}};
    }
    SUBCASE("by its beginning") {}
    const std::string good = R"({"choices":[{"message":{"content":"a"}}]})";
    CHECK(read(received, good).what == step::more);
    CHECK(read(received, good, true).what == step::answer);
    const told refused = read(received, R"({"error":{"message":"x","code":429}})", true);
    REQUIRE(refused.what == step::failed);
    CHECK(refused.head.error == errc::rate_limited);
    CHECK(read(received, R"({"choi)", true).head.error == errc::unreadable_answer);
}

TEST_CASE("a body that never tells its form is read as a document") {
    response received;
    received.status = 200;
    CHECK(read(received, "oops").what == step::more);
    CHECK(read(received, "oops", true).head.error == errc::unreadable_answer);
    CHECK(read(received, "", true).head.error == errc::unreadable_answer);
}
