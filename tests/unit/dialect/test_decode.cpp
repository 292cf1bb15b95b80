#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "dialect/dialect.hpp"
#include "dialect/secrets.hpp"
#include "dialect/server_message.hpp"

using namespace stagger::wire;
using namespace std::chrono_literals;
using stagger::dialect;
using stagger::errc;
using stagger::error_code;
using stagger::verdict;

namespace {

constexpr double now = 1700000000;
constexpr auto chat = dialect::openai_chat;
constexpr auto engine = dialect::llm_engine;

decoded_answer decoded(unsigned status, std::string body, std::vector<field> fields = {},
                       dialect target = chat) {
    return decode(response{status, std::move(fields), std::move(body)}, target, now, "my-secret-key");
}

const std::string chat_answer =
    R"({"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,)"
    R"("message":{"role":"assistant","content":"Za\u017c\u00f3\u0142\u0107 \ud83d\ude80"},"logprobs":null,)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})";
const std::string text_answer =
    R"({"id":"cmpl-1","object":"text_completion","created":1700000000,"model":"m","choices":[{"index":0,)"
    R"("text":"because","logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":1}})";
const std::string engine_answer =
    R"({"request_id":"req-9","output":{"text":"because","num_prompt_tokens":5,"num_completion_tokens":2,)"
    R"("tokens":[{"token":"be","log_prob":-0.5}]}})";

const std::string rate_limit_body =
    R"({"error":{"message":"Rate limit reached for requests","type":"requests","param":null,)"
    R"("code":"rate_limit_exceeded"}})";

}  // namespace

TEST_CASE("a chat answer") {
    const auto got =
        decoded(200, chat_answer, {{"Content-Type", "application/json"}, {"X-Request-Id", " req-7 "}});
    CHECK_FALSE(got.error);
    CHECK(got.what == stagger::classification{verdict::ok});
    CHECK(got.tells_limit);
    CHECK(got.answer.text == "Za\xC5\xBC\xC3\xB3\xC5\x82\xC4\x87 \xF0\x9F\x9A\x80");
    CHECK(got.answer.finish_reason == "stop");
    CHECK(got.answer.usage.prompt_tokens == 5);
    CHECK(got.answer.usage.completion_tokens == 2);
    CHECK(got.answer.raw == chat_answer);
    CHECK(got.answer.info.http_status == 200);
    CHECK(got.answer.info.request_id == "req-7");
    CHECK(got.answer.info.message.empty());
    CHECK(decoded(200, chat_answer).answer.info.request_id == "chatcmpl-1");
    CHECK(decoded(200, chat_answer, {{"request-id", "a-1"}}).answer.info.request_id == "a-1");
}

TEST_CASE("answers of the other dialects") {
    const auto text = decoded(200, text_answer, {}, dialect::openai_completions);
    CHECK_FALSE(text.error);
    CHECK(text.answer.text == "because");
    CHECK(text.answer.finish_reason == "length");
    const auto got = decoded(200, engine_answer, {}, engine);
    CHECK_FALSE(got.error);
    CHECK(got.answer.text == "because");
    CHECK(got.answer.usage.prompt_tokens == 5);
    CHECK(got.answer.usage.completion_tokens == 2);
    CHECK(got.answer.info.request_id == "req-9");
    const auto bare = decoded(200,
                              R"({"request_id":null,"output":{"text":"","num_prompt_tokens":null,)"
                              R"("num_completion_tokens":0,"tokens":null}})",
                              {}, engine);
    CHECK_FALSE(bare.error);
    CHECK_FALSE(bare.answer.usage.prompt_tokens);
    CHECK(bare.answer.usage.completion_tokens == 0);
}

TEST_CASE("an answer that says nothing is empty; a call, a refusal or a sound is an answer") {
    const auto is_empty = [](const std::string& choices) {
        const auto got = decoded(200, R"({"choices":)" + choices + R"(,"usage":{"prompt_tokens":4}})");
        CHECK_FALSE(got.error);
        CHECK(got.answer.usage.prompt_tokens == 4);
        return got.answer.empty;
    };
    for (const auto* nothing :
         {"[]", R"([{"message":{"content":null}}])", R"([{"message":{"role":"assistant"}}])",
          R"([{"message":{"content":""},"finish_reason":"stop"}])", R"([{"message":{"content":[]}}])",
          R"([{"message":{"content":null,"tool_calls":[],"function_call":null,"refusal":""}}])"}) {
        CAPTURE(nothing);
        CHECK(is_empty(nothing));
    }
    for (const auto* something :
         {R"([{"message":{"content":"a"}}])", R"([{"message":{"content":null,"tool_calls":[{"id":"1"}]}}])",
          R"([{"message":{"content":null,"function_call":{"name":"f"}}}])",
          R"([{"message":{"content":null,"refusal":"no"}}])",
          R"([{"message":{"content":null,"audio":{"id":"1"}}}])",
          R"([{"message":{"content":[{"type":"image"}]}}])",
          R"([{"message":{"content":null},"finish_reason":"content_filter"}])",
          R"([{"message":{"content":null}},{"message":{"content":"second"}}])"}) {
        CAPTURE(something);
        CHECK_FALSE(is_empty(something));
    }
    const auto text = [](const std::string& said) {
        return decoded(200, R"({"choices":[{"text":")" + said + R"("}]})", {}, dialect::openai_completions)
            .answer.empty;
    };
    CHECK(text(""));
    CHECK_FALSE(text("a"));
    CHECK(decoded(200, R"({"output":{"text":""}})", {}, engine).answer.empty);
    CHECK_FALSE(decoded(200, engine_answer, {}, engine).answer.empty);
}

TEST_CASE("Anthropic's, Gemini's and Responses' answers are empty by the same measure") {
    struct row {
        stagger::dialect spoken;
        std::string body;
        bool empty;
    };
    const row rows[] = {
        {dialect::anthropic_messages, R"({"content":[],"stop_reason":"end_turn"})", true},
        {dialect::anthropic_messages, R"({"content":[{"type":"text","text":""}]})", true},
        {dialect::anthropic_messages, R"({"content":[{"type":"thinking","thinking":"hm"}]})", true},
        {dialect::anthropic_messages, R"({"content":[{"type":"text","text":"a"}]})", false},
        {dialect::anthropic_messages, R"({"content":[{"type":"tool_use","id":"1","name":"f"}]})", false},
        {dialect::anthropic_messages, R"({"content":[{"type":"server_tool_use","id":"1"}]})", false},
        {dialect::anthropic_messages, R"({"content":[],"stop_reason":"refusal"})", false},
        {dialect::openai_responses, R"({"output":[]})", true},
        {dialect::openai_responses, R"({"output":[{"type":"reasoning","summary":[]}]})", true},
        {dialect::openai_responses,
         R"({"output":[{"type":"message","content":[{"type":"output_text","text":""}]}]})", true},
        {dialect::openai_responses,
         R"({"output":[{"type":"message","content":[{"type":"refusal","refusal":"no"}]}]})", false},
        {dialect::openai_responses, R"({"output":[{"type":"function_call","name":"f"}]})", false},
        {dialect::openai_responses, R"({"output":[{"type":"image_generation_call"}]})", false},
        {dialect::openai_responses, R"({"output":[],"incomplete_details":{"reason":"content_filter"}})",
         false},
        {dialect::openai_responses, R"({"output":[],"incomplete_details":{"reason":"max_output_tokens"}})",
         true},
        {dialect::gemini, R"({"candidates":[]})", true},
        {dialect::gemini, R"({"usageMetadata":{"promptTokenCount":4},"modelVersion":"g"})", true},
        {dialect::gemini, R"({"candidates":[{"finishReason":"MAX_TOKENS"}]})", true},
        {dialect::gemini, R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]}}]})", true},
        {dialect::gemini, R"({"candidates":[{"finishReason":"SAFETY"}]})", false},
        {dialect::gemini, R"({"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]})", false},
        {dialect::gemini, R"({"candidates":[{"content":{"parts":[{"inlineData":{"data":""}}]}}]})", false},
        {dialect::gemini, R"({"candidates":[{},{"content":{"parts":[{"text":"second"}]}}]})", false},
    };
    for (const row& one : rows) {
        CAPTURE(one.body);
        const auto got = decoded(200, one.body, {}, one.spoken);
        CHECK_FALSE(got.error);
        CHECK(got.answer.empty == one.empty);
    }
    CHECK(decoded(200, R"({"some":"thing"})", {}, dialect::gemini).error == errc::malformed_answer);
    CHECK(decoded(200, R"({"candidates":[7]})", {}, dialect::gemini).error == errc::malformed_answer);
}

TEST_CASE("answers that differ in what they may differ in") {
    const auto text_of = [](const std::string& body) {
        const auto got = decoded(200, body);
        CHECK_MESSAGE(!got.error, got.answer.info.message);
        return got.answer.text;
    };
    CHECK(text_of(R"({"choices":[{"message":{"content":null,"tool_calls":[{}]}}]})").empty());
    CHECK(text_of(R"({"choices":[{"message":{"role":"assistant"}}],"usage":null})").empty());
    CHECK(text_of(R"({"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"image"},7,)"
                  R"({"text":"b"}]}}]})") == "ab");
    CHECK(text_of(R"({"error":null,"choices":[{"message":{"content":"x"},"finish_reason":7}],"id":7})") ==
          "x");
    CHECK(text_of(R"({"choices":[{"message":{"content":"first"}},{"message":{"content":"second"}}]})") ==
          "first");
    // Of duplicate members the last counts.
    CHECK(text_of(R"({"choices":[],"choices":[{"message":{"content":"a","content":"b"}}]})") == "b");
    CHECK(decoded(201, chat_answer).answer.text == decoded(200, chat_answer).answer.text);
}

TEST_CASE("a wrong count does not spoil an answer") {
    for (const auto* count :
         {"-1", "1.5", "\"5\"", "null", "[]", "1e999", "99999999999999999999999", "true"}) {
        const auto got =
            decoded(200, R"({"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":)" +
                             std::string(count) + R"(,"completion_tokens":3}})");
        CHECK_FALSE(got.error);
        CHECK_MESSAGE(!got.answer.usage.prompt_tokens, count);
        CHECK(got.answer.usage.completion_tokens == 3);
    }
}

TEST_CASE("what retries and what does not") {
    struct row {
        unsigned status;
        std::vector<field> fields;
        errc error;
        verdict what;
        bool tells_limit;
    };
    const std::vector<field> wait{{"Retry-After", "2"}};
    const std::vector<field> yes{{"x-should-retry", "true"}};
    const std::vector<field> no{{"X-Should-Retry", "False"}};
    const row rows[] = {
        {429, {}, errc::rate_limited, verdict::throttled, true},
        {429, wait, errc::rate_limited, verdict::throttled, true},
        {503, {}, errc::overloaded, verdict::throttled, true},
        {529, {}, errc::overloaded, verdict::throttled, true},
        {500, wait, errc::overloaded, verdict::throttled, true},
        {502, wait, errc::overloaded, verdict::throttled, true},
        {403, wait, errc::overloaded, verdict::throttled, true},
        {408, {}, errc::server_error, verdict::transient, false},
        {409, {}, errc::server_error, verdict::transient, false},
        {425, {}, errc::server_error, verdict::transient, false},
        {500, {}, errc::server_error, verdict::transient, false},
        {502, {}, errc::server_error, verdict::transient, false},
        {504, {}, errc::server_error, verdict::transient, false},
        {520, {}, errc::server_error, verdict::transient, false},
        {400, {}, errc::bad_request, verdict::permanent, true},
        {401, {}, errc::unauthorized, verdict::permanent, true},
        {402, {}, errc::quota_exhausted, verdict::permanent, false},
        {403, {}, errc::forbidden, verdict::permanent, true},
        {404, {}, errc::not_found, verdict::permanent, true},
        {413, {}, errc::bad_request, verdict::permanent, true},
        {422, {}, errc::bad_request, verdict::permanent, true},
        {501, {}, errc::bad_request, verdict::permanent, false},
        {301, {}, errc::redirected, verdict::permanent, false},
        {307, wait, errc::redirected, verdict::permanent, false},
        {304, {}, errc::redirected, verdict::permanent, false},
        {0, {}, errc::malformed_answer, verdict::permanent, false},
        {100, {}, errc::malformed_answer, verdict::permanent, false},
        {600, {}, errc::malformed_answer, verdict::permanent, false},
        {999, wait, errc::malformed_answer, verdict::permanent, false},
        // The server's own word about retrying.
        {429, no, errc::rate_limited, verdict::permanent, false},
        {500, no, errc::server_error, verdict::permanent, false},
        {400, yes, errc::bad_request, verdict::transient, true},
        {500, yes, errc::server_error, verdict::transient, false},
        {999, yes, errc::malformed_answer, verdict::permanent, false},
        {503, yes, errc::overloaded, verdict::throttled, true},
        {500, {{"x-should-retry", "maybe"}}, errc::server_error, verdict::transient, false},
        // A broken Retry-After, or one of zero, makes nothing pass that would not.
        {400, {{"Retry-After", "soon"}}, errc::bad_request, verdict::permanent, true},
        {400, {{"Retry-After", "0"}}, errc::bad_request, verdict::permanent, true},
        {400, {{"Retry-After", "-1"}}, errc::bad_request, verdict::permanent, true},
    };
    for (const auto& [status, fields, error, what, tells_limit] : rows) {
        const auto shown_status = status;  // clang 14 captures no structured bindings
        const auto shown_field =
            fields.empty() ? std::string() : fields.front().name + ": " + fields.front().value;
        CAPTURE(shown_status);
        CAPTURE(shown_field);
        for (const auto target : {chat, dialect::openai_completions, engine}) {
            const auto got = decoded(status, R"({"error":{"message":"why","code":"c"}})", fields, target);
            CHECK(got.error == error);
            CHECK(got.what.verdict == what);
            CHECK(got.tells_limit == tells_limit);
            CHECK(got.answer.info.http_status == status);
            CHECK(got.answer.info.last_error == error);
        }
    }
}

TEST_CASE("Retry-After goes to the task and to the coordinator") {
    const auto got =
        decoded(429, rate_limit_body, {{"retry-after", "1.5"}, {"x-ratelimit-remaining-requests", "0"}});
    CHECK(got.what == stagger::classification{verdict::throttled, 1500ms});
    CHECK(got.hints.retry_after == 1500ms);
    CHECK(got.hints.requests.remaining == 0);
    CHECK(got.answer.info.message == "Rate limit reached for requests");
    CHECK(got.answer.raw == rate_limit_body);
    // A final error waits for nothing.
    CHECK_FALSE(
        decoded(429, rate_limit_body, {{"retry-after", "1"}, {"x-should-retry", "false"}}).what.retry_after);
    CHECK(decoded(200, chat_answer, {{"x-ratelimit-remaining-requests", "41"}}).hints.requests.remaining ==
          41);
}

TEST_CASE("dates are read by the server's clock where ours is wrong") {
    const auto wait = [](std::string date, std::string until) {
        return decoded(429, "", {{"Date", std::move(date)}, {"Retry-After", std::move(until)}})
            .what.retry_after;
    };
    // Our clock says Tue, 14 Nov 2023 22:13:20 GMT.
    CHECK(wait("Tue, 14 Nov 2023 22:13:19 GMT", "Tue, 14 Nov 2023 22:13:25 GMT") == 5s);
    CHECK(wait("Tue, 14 Nov 2023 23:13:20 GMT", "Tue, 14 Nov 2023 23:13:25 GMT") == 5s);
    CHECK(wait("yesterday", "Tue, 14 Nov 2023 22:13:25 GMT") == 5s);
}

TEST_CASE("an exhausted quota is final, whatever the status promises") {
    const std::string body =
        R"({"error":{"message":"You exceeded your current quota","type":"insufficient_quota",)"
        R"("param":null,"code":"insufficient_quota"}})";
    const auto got = decoded(429, body, {{"Retry-After", "1"}});
    CHECK(got.error == errc::quota_exhausted);
    CHECK(got.what == stagger::classification{verdict::permanent});
    CHECK_FALSE(got.tells_limit);
    CHECK(decoded(400, body).error == errc::quota_exhausted);
    CHECK(decoded(500, body).error == errc::server_error);
    CHECK(decoded(429, R"({"error":{"message":"x","type":"insufficient_quota"}})").error ==
          errc::quota_exhausted);
}

TEST_CASE("LLM Engine's refusals") {
    const auto limited = decoded(429, R"({"error":"Too many requests","timestamp":"2024"})", {}, engine);
    CHECK(limited.error == errc::rate_limited);
    CHECK(limited.answer.info.message == "Too many requests");

    const std::string hidden = R"({"detail":"Upstream service error for request_id 77"})";
    const auto overloaded = decoded(500, hidden, {}, engine);
    CHECK(overloaded.error == errc::overloaded);
    CHECK(overloaded.what.verdict == verdict::throttled);
    CHECK_FALSE(overloaded.tells_limit);
    CHECK(decoded(500, hidden, {}, chat).error == errc::server_error);
    CHECK(decoded(500, R"({"detail":"boom"})", {}, engine).error == errc::server_error);
}

TEST_CASE("the message is the server's, wherever it stands") {
    const auto message = [](std::string body) { return decoded(400, std::move(body)).answer.info.message; };
    CHECK(message(R"({"error":{"message":"bad prompt","type":"invalid_request_error"}})") == "bad prompt");
    CHECK(message(R"({"detail":"no such model","error":"other"})") == "no such model");
    CHECK(message(R"({"detail":[{"loc":["body","temperature"],"msg":"too hot"},{"loc":["body","stop",0],)"
                  R"("msg":"no text"}]})") == "body.temperature: too hot; body.stop.0: no text");
    CHECK(message(R"({"detail":[{"loc":7},3]})") == ":");
    CHECK(message(R"({"object":"error","message":"vLLM says no","type":"BadRequestError","code":400})") ==
          "vLLM says no");
    CHECK(message(R"({"error":"plain"})") == "plain");
    CHECK(message(R"({"error":"Not Found","message":"no such path","status":404})") ==
          "Not Found: no such path");
    CHECK(message("upstream connect error") == "upstream connect error");
    CHECK(message(R"({"fault":{"code":1}})") == R"({"fault":{"code":1}})");
    CHECK(message(R"({"error":{}})") == R"({"error":{}})");
    CHECK(message("") == "HTTP 400 without a message");
    CHECK(message(" \r\n ") == "HTTP 400 without a message");
    CHECK(message("<html>\r\n<head><TITLE>429 Too Many Requests</TITLE></head>\r\n<body>x</body></html>") ==
          "429 Too Many Requests");
    CHECK(message("<p>go <b>away</b></p>") == "go away");
}

TEST_CASE("messages are fit to be shown") {
    const auto message = [](const std::string& text) { return decoded(500, text).answer.info.message; };
    CHECK(message("a\n\n\tb\r\x1b[31mc\x07") == "a b [31mc");
    CHECK(message("a\xC2\x9B"
                  "31mb\xE2\x80\xAE\xE2\x80\x8B\xE2\x81\xA6z\xEF\xBB\xBF!") == "a31mbz!");
    CHECK(message("bad \xFF\xFE bytes \xE6\x97") == "bad bytes");
    CHECK(message("Za\xC5\xBC\xC3\xB3\xC5\x82\xC4\x87 \xF0\x9F\x9A\x80") ==
          "Za\xC5\xBC\xC3\xB3\xC5\x82\xC4\x87 \xF0\x9F\x9A\x80");
    const auto cut = message(std::string(5000, 'x'));
    CHECK(cut.size() == 300);
    CHECK(cut.ends_with("x\xE2\x80\xA6"));
    std::string wide;
    for (int i = 0; i < 1000; ++i) wide += "\xF0\x9F\x9A\x80";
    CHECK(message(wide).size() == 296 + 3);
}

TEST_CASE("a body in an encoding that nobody asked for is named, and read where it is none") {
    const std::vector<field> gzip{{"Content-Encoding", "gzip"}};
    const std::string packed = "\x1f\x8b\x08 packed";
    const auto got = decoded(200, packed, gzip);
    CHECK(got.error == errc::malformed_answer);
    CHECK(got.answer.info.message == "answer is encoded (gzip), which nobody asked for");
    CHECK(decoded(429, packed, gzip).answer.info.message == "HTTP 429; its message is encoded (gzip)");
    CHECK(decoded(429, packed, gzip).error == errc::rate_limited);

    CHECK_FALSE(decoded(200, chat_answer, gzip).error);
    CHECK(decoded(429, rate_limit_body, gzip).answer.info.message == "Rate limit reached for requests");
    for (const char* plain : {"Identity", "none", "utf-8", ""}) {
        CHECK(decoded(200, "x", {{"Content-Encoding", plain}}).answer.info.message ==
              "answer is not JSON (syntax error); it begins with: x");
        const response head{200, {{"Content-Type", "text/event-stream"}, {"Content-Encoding", plain}}, ""};
        CHECK_FALSE(decode_stream_head(head, now).error);
    }
}

TEST_CASE("keys are not repeated") {
    const auto message = [](const std::string& text) { return decoded(401, text).answer.info.message; };
    CHECK(message("key my-secret-key is wrong, my-secret-key!") == "key [key] is wrong, [key]!");
    CHECK(message("Basic bXktc2VjcmV0LWtleTo= refused") == "Basic [key] refused");
    CHECK(message("wrong: sk-proj-0123456789abcdefghij.") == "wrong: [key]");
    CHECK(message("Incorrect API key provided: sk-ab***************wxyz.") ==
          "Incorrect API key provided: sk-ab***************wxyz.");
    CHECK(message("task-0123456789abcdefghij") == "task-0123456789abcdefghij");
    const auto redirect = decode(response{302, {{"Location", "https://x.example/?k=my-secret-key"}}, ""},
                                 chat, now, "my-secret-key");
    CHECK(redirect.answer.info.message == "HTTP 302 redirects to https://x.example/?k=[key]");
    // What is cut, anywhere in it.
    // A key whose other forms begin as it goes on: base64 has "c2st" for "sk-".
    secrets forms("sk-secret-key");
    CHECK(readable_message(std::string(16384 - 6, ' ') + "sk-secret-key", forms).empty());
    const std::string key = "my-secret-key";
    for (std::size_t before = 0; before <= key.size(); ++before) {
        CAPTURE(before);
        const auto far = message(std::string(16384 - before, ' ') + key);
        CHECK((far == "[key]" || far == "HTTP 401 without a message"));
        const auto shown = decoded(200, std::string(80 - before, 'x') + key).answer.info.message;
        CHECK(shown.find("my-") == std::string::npos);
    }
    secrets headers("a+b/c=d");
    headers.add_header("Authorization", "Bearer other-secret");
    const auto refused =
        decode(response{401, {}, "Bearer token missing: other-secret, a%2Bb%2Fc%3Dd"}, chat, now, headers);
    CHECK(refused.answer.info.message == "Bearer token missing: [key], [key]");
    // A placeholder for a key is not a secret.
    CHECK(decode(response{400, {}, "xylophone"}, chat, now, "x").answer.info.message == "xylophone");
}

TEST_CASE("a redirect names its target and is not followed") {
    const auto got = decoded(308, "moved", {{"location", "https://elsewhere.example/v1\x1b[2J"}});
    CHECK(got.error == errc::redirected);
    CHECK(got.answer.info.message == "HTTP 308 redirects to https://elsewhere.example/v1[2J");
    CHECK(decoded(300, "").answer.info.message == "HTTP 300 without a target");
}

TEST_CASE("an error inside a 200 is final: the answer was paid for") {
    const std::vector<field> again{{"Retry-After", "1"}, {"x-should-retry", "true"}};
    for (const auto target : {chat, dialect::openai_completions, engine}) {
        const std::string body = R"({"error":{"message":"out of memory","type":"server_error","code":500}})";
        const auto got = decoded(200, body, again, target);
        CHECK(got.error == errc::error_in_answer);
        CHECK(got.what == stagger::classification{verdict::permanent});
        CHECK(got.tells_limit);
        CHECK(got.answer.info.message == "out of memory");
        CHECK(got.answer.raw == body);
        const auto refused = decoded(200, rate_limit_body, {}, target);
        CHECK(refused.error == errc::rate_limited);
        CHECK(refused.answer.info.message == "Rate limit reached for requests");
    }
    CHECK(decoded(200, R"({"error":"overloaded"})").answer.info.message == "overloaded");
    CHECK(decoded(200, R"({"error":{}})").answer.info.message == "answer reports an error without a message");
    const auto with_text =
        decoded(200, R"({"error":{"message":"x"},"choices":[{"message":{"content":"a"}}]})");
    CHECK(with_text.error == errc::error_in_answer);
    CHECK(with_text.answer.text.empty());
    // What was made is paid for, whatever the error beside it is called.
    const auto made =
        decoded(200, R"({"error":{"message":"x","code":429},"choices":[{"message":{"content":"a"}}]})");
    CHECK(made.error == errc::error_in_answer);
}
