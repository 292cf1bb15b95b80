#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "dialect/dialect.hpp"
#include "dialect/stream_answer.hpp"

using stagger::completion_delta;
using stagger::dialect;
using stagger::errc;
using stagger::error_code;
using namespace stagger::wire;

namespace {

constexpr auto chat = dialect::openai_chat;
constexpr auto text = dialect::openai_completions;
constexpr auto engine = dialect::llm_engine;
using step = stream_answer::step;

/// What a whole stream came to.
struct reading {
    std::vector<completion_delta> deltas;
    stagger::completion answer;
    error_code error;
};

reading read(dialect spoken, const std::vector<std::string>& events, bool body_ends = true) {
    stream_answer answer(spoken, "my-secret-key");
    reading got;
    step taken = step::nothing;
    for (const auto& data : events) {
        completion_delta delta;
        taken = answer.take({"message", data, ""}, delta);
        if (taken == step::delta) got.deltas.push_back(delta);
        if (taken == step::end || taken == step::failed || answer.is_whole()) break;
    }
    if (taken != step::end && taken != step::failed && !answer.is_whole() && body_ends)
        answer.take_end_of_body();
    got.error = answer.error();
    got.answer = answer.answer();
    return got;
}

std::string chat_event(const std::string& delta, const std::string& reason = "null") {
    return R"({"id":"chatcmpl-7","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,)"
           R"("delta":)" +
           delta + R"(,"logprobs":null,"finish_reason":)" + reason + "}]}";
}

const std::string usage_event = R"({"id":"chatcmpl-7","object":"chat.completion.chunk","choices":[],)"
                                R"("usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})";

std::string engine_event(const std::string& piece, bool finished, const std::string& counts = "null") {
    return R"({"request_id":"req-3","output":{"text":")" + piece + R"(","finished":)" +
           (finished ? "true" : "false") + R"(,"num_prompt_tokens":)" + counts +
           R"(,"num_completion_tokens":)" + counts + R"(,"token":null},"error":null})";
}

}  // namespace

TEST_CASE("a streamed chat answer, with usage in an event of its own") {
    const auto got = read(
        chat, {chat_event(R"({"role":"assistant","content":""})"), chat_event(R"({"content":"Be"})"),
               chat_event(R"({"content":"cause"})"), chat_event("{}", R"("stop")"), usage_event, "[DONE]"});
    CHECK_FALSE(got.error);
    REQUIRE(got.deltas.size() == 5);
    CHECK(got.deltas[1].text == "Be");
    CHECK(got.deltas[1].raw == chat_event(R"({"content":"Be"})"));
    CHECK(got.deltas[3].finish_reason == "stop");
    CHECK(got.deltas[4].usage.completion_tokens == 2);
    CHECK(got.answer.text == "Because");
    CHECK(got.answer.finish_reason == "stop");
    CHECK(got.answer.usage.prompt_tokens == 5);
    CHECK(got.answer.usage.completion_tokens == 2);
    CHECK(got.answer.info.request_id == "chatcmpl-7");
}

TEST_CASE("a streamed text answer; each event may carry the usage until now") {
    const auto event = [](const std::string& piece, const std::string& rest) {
        return R"({"id":"cmpl-7","object":"text_completion","choices":[{"index":0,"text":")" + piece + "\"," +
               rest + "}]" + R"(,"usage":{"prompt_tokens":3,"completion_tokens":)" +
               std::to_string(piece.size()) + "}}";
    };
    const auto got = read(
        text, {event("a", R"("finish_reason":null)"), event("bc", R"("finish_reason":"length")"), "[DONE]"});
    CHECK_FALSE(got.error);
    CHECK(got.answer.text == "abc");
    CHECK(got.answer.finish_reason == "length");
    CHECK(got.answer.usage.completion_tokens == 2);
}

TEST_CASE("a streamed LLM Engine answer ends with finished") {
    const auto got = read(engine, {engine_event("Be", false), engine_event("cause", true, "4")}, false);
    CHECK_FALSE(got.error);
    CHECK(got.deltas.size() == 2);
    CHECK(got.answer.text == "Because");
    CHECK(got.answer.usage.prompt_tokens == 4);
    CHECK(got.answer.info.request_id == "req-3");
    const auto cut = read(engine, {engine_event("Be", false)});
    CHECK(cut.error == errc::answer_truncated);
    CHECK(cut.answer.text == "Be");
    // The other dialect's end marker is not its end.
    CHECK(read(engine, {engine_event("Be", false), "[DONE]"}).error == errc::answer_truncated);
    CHECK(read(engine, {}).error == errc::answer_truncated);
}

TEST_CASE("[DONE] may be missing after a finish reason, and after nothing else") {
    CHECK_FALSE(read(chat, {chat_event(R"({"content":"x"})"), chat_event("{}", R"("stop")")}).error);
    const auto cut = read(chat, {chat_event(R"({"content":"x"})")});
    CHECK(cut.error == errc::answer_truncated);
    CHECK(cut.answer.text == "x");
    CHECK(read(chat, {}).error == errc::answer_truncated);
    CHECK_FALSE(read(chat, {chat_event(R"({"content":"x"})"), "[DONE]"}).error);
    CHECK_FALSE(read(chat, {chat_event(R"({"content":"x"})"), "[DONE] "}).error);
    CHECK_FALSE(read(chat, {chat_event(R"({"content":"x"})"), " \t[DONE]"}).error);
    CHECK(read(chat, {"[DONE]"}).error == errc::malformed_answer);
    CHECK(read(chat, {usage_event, "[DONE]"}).error == errc::malformed_answer);
}

TEST_CASE("tool calls, further choices and members that nobody knows are passed through raw") {
    const auto call =
        chat_event(R"({"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"{\"a\":"}}]})");
    const std::string second =
        R"({"id":"chatcmpl-7","choices":[{"index":1,"delta":{"content":"other"},"finish_reason":"length"}]})";
    const std::string strange = R"({"prompt_filter_results":[]})";
    const auto got = read(chat, {strange, call, second, chat_event("{}", R"("tool_calls")"), "[DONE]"});
    CHECK_FALSE(got.error);
    REQUIRE(got.deltas.size() == 4);
    CHECK(got.deltas[0].raw == strange);
    CHECK(got.deltas[1].raw == call);
    CHECK(got.deltas[2].raw == second);
    CHECK(got.deltas[2].text.empty());
    CHECK(got.answer.text.empty());
    CHECK(got.answer.finish_reason == "tool_calls");
}

TEST_CASE("a stream that says nothing is an empty answer, and one with a call is not") {
    const auto role = chat_event(R"({"role":"assistant","content":""})");
    const auto last = chat_event("{}", R"("stop")");
    CHECK(read(chat, {role, last, usage_event, "[DONE]"}).answer.empty);
    CHECK(read(chat, {role, last}).answer.empty);
    CHECK_FALSE(read(chat, {role, chat_event(R"({"content":"a"})"), last, "[DONE]"}).answer.empty);
    const auto call = chat_event(R"({"tool_calls":[{"index":0,"id":"1"}]})");
    CHECK_FALSE(read(chat, {role, call, last, "[DONE]"}).answer.empty);
    CHECK_FALSE(read(chat, {role, chat_event(R"({"refusal":"no"})"), last, "[DONE]"}).answer.empty);
    CHECK(read(engine, {engine_event("", true)}).answer.empty);
    CHECK_FALSE(read(engine, {engine_event("a", false), engine_event("", true)}).answer.empty);
}

TEST_CASE("streams of the other dialects are empty by the same measure") {
    const auto is_empty = [](dialect spoken, const std::vector<std::string>& events) {
        const auto got = read(spoken, events);
        CHECK_FALSE(got.error);
        return got.answer.empty;
    };
    const auto anthropic = [&](const std::string& block, const std::string& reason) {
        return is_empty(dialect::anthropic_messages,
                        {R"({"type":"message_start","message":{"id":"m","content":[]}})",
                         R"({"type":"content_block_start","content_block":)" + block + "}",
                         R"({"type":"message_delta","delta":{"stop_reason":")" + reason + R"("}})",
                         R"({"type":"message_stop"})"});
    };
    CHECK(anthropic(R"({"type":"text","text":""})", "end_turn"));
    CHECK(anthropic(R"({"type":"thinking","thinking":"hm"})", "max_tokens"));
    CHECK_FALSE(anthropic(R"({"type":"text","text":"a"})", "end_turn"));
    CHECK_FALSE(anthropic(R"({"type":"text","text":""})", "refusal"));
    CHECK_FALSE(anthropic(R"({"type":"tool_use","id":"1","name":"f"})", "tool_use"));
    CHECK_FALSE(anthropic(R"({"type":"web_search_tool_result"})", "end_turn"));

    const auto responses = [&](const std::string& event, const std::string& output) {
        return is_empty(dialect::openai_responses,
                        {R"({"type":"response.created","response":{"id":"r"}})", event,
                         R"({"type":"response.completed","response":{"output":)" + output + "}}"});
    };
    const std::string nothing = R"({"type":"response.output_text.done"})";
    CHECK(responses(nothing, "[]"));
    CHECK_FALSE(responses(nothing, R"([{"type":"message","content":[{"type":"output_text","text":"a"}]}])"));
    CHECK_FALSE(responses(R"({"type":"response.output_text.delta","delta":"a"})", "[]"));
    CHECK_FALSE(responses(R"({"type":"response.refusal.delta","delta":"no"})", "[]"));
    CHECK_FALSE(responses(R"({"type":"response.output_item.done","item":{"type":"mcp_call"}})", "[]"));

    const auto gemini = [&](const std::string& candidate) {
        return is_empty(dialect::gemini, {R"({"candidates":[)" + candidate + "]}"});
    };
    CHECK(gemini(R"({"content":{"parts":[{"text":""}]},"finishReason":"STOP"})"));
    CHECK_FALSE(gemini(R"({"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"})"));
    CHECK_FALSE(gemini(R"({"finishReason":"SAFETY"})"));
}

TEST_CASE("an error inside a stream ends it with the server's words and the text so far") {
    const auto words = [](const reading& got, errc error = errc::error_in_answer) {
        CHECK(got.error == error);
        return got.answer.info.message;
    };
    const auto begun = chat_event(R"({"content":"half"})");
    const auto got = read(chat, {begun, R"({"error":{"message":"out of memory","code":500}})", "[DONE]"});
    CHECK(words(got) == "out of memory");
    CHECK(got.answer.text == "half");
    CHECK(words(read(chat, {R"({"error":"sk-0123456789abcdefghij is bad"})"})) == "[key] is bad");
    CHECK(words(read(chat, {R"({"error":{}})"})) == "answer reports an error without a message");
    CHECK(words(read(engine, {engine_event("half", false),
                              R"({"request_id":"r","output":null,"error":{"status_code":429,"content":)"
                              R"({"error":"Too many requests","timestamp":"t"}}})"}),
                errc::rate_limited) == "status 429: Too many requests");
    CHECK(words(read(engine, {R"({"request_id":"r","output":null,"error":{"status_code":500}})"})) ==
          "status 500");
    CHECK(read(chat, {begun, R"({"error":{"message":"x","code":429}})"}).error == errc::rate_limited);
    CHECK(read(chat, {R"({"error":{"message":"x","type":"overloaded_error"}})"}).error == errc::overloaded);
    CHECK(read(chat, {R"({"error":{"message":"x","code":"insufficient_quota"}})"}).error ==
          errc::quota_exhausted);
    stream_answer answer(chat, "my-secret-key");
    completion_delta delta;
    CHECK(answer.take({"error", R"({"message":"no my-secret-key"})", ""}, delta) == step::failed);
    CHECK(answer.error() == errc::error_in_answer);
    CHECK(answer.answer().info.message == "no [key]");
    for (std::size_t before = 1; before < 13; ++before) {
        stream_answer unread(chat, "my-secret-key");
        CHECK(unread.take({"message", std::string(80 - before, 'x') + "my-secret-key", ""}, delta) ==
              step::failed);
        CHECK(unread.answer().info.message.find("my") == std::string::npos);
    }
}

TEST_CASE("an event that cannot be read is a malformed answer") {
    for (const auto* data : {"no json", "[]", "7", "{", "", R"({"choices":7})", R"({"choices":[7]})",
                             R"({"choices":[{"delta":7}]})", R"({"choices":[{"delta":{"content":7}}]})"}) {
        CHECK_MESSAGE(read(chat, {data}).error == errc::malformed_answer, data);
    }
    for (const auto* data : {R"({"choices":[{"text":7}]})", R"({"choices":[{"text":[]}]})"}) {
        CHECK_MESSAGE(read(text, {data}).error == errc::malformed_answer, data);
    }
    for (const auto* data : {R"({"output":7})", R"({"output":{"text":7}})", "[]"}) {
        CHECK_MESSAGE(read(engine, {data}).error == errc::malformed_answer, data);
    }
    const std::string deep(100'000, '[');
    CHECK(read(chat, {deep}).error == errc::malformed_answer);
    std::string wide = R"({"choices":[0)";
    for (int i = 0; i < 3'000'000; ++i) wide += ",0";
    CHECK(read(chat, {wide + "]}"}).error == errc::answer_too_large);
    // An event of another type is not the answer's.
    stream_answer answer(chat, "");
    completion_delta delta;
    CHECK(answer.take({"ping", "now", ""}, delta) == step::nothing);
}

TEST_CASE("the head of a streamed answer says what its body will be") {
    const auto head = [](const std::string& type) {
        response received{200, {{"x-request-id", "req-5"}, {"x-ratelimit-remaining-requests", "3"}}, ""};
        if (!type.empty()) received.fields.push_back({"Content-Type", type});
        return received;
    };
    for (const auto* type : {"text/event-stream", "Text/Event-Stream ; charset=utf-8"}) {
        CHECK(is_event_stream(head(type).fields));
        const auto got = decode_stream_head(head(type), 0);
        CHECK_FALSE(got.error);
        CHECK(got.tells_limit);
        CHECK(got.answer.info.request_id == "req-5");
        CHECK(got.answer.info.http_status == 200);
        CHECK(got.hints.requests.remaining == 3);
    }
    for (const auto* type : {"application/json", "application/problem+json; charset=utf-8"}) {
        CHECK_FALSE(is_event_stream(head(type).fields));
        CHECK_FALSE(decode_stream_head(head(type), 0).error);
    }
    for (const auto* type : {"text/html", "Text/HTML; charset=utf-8"}) {
        const auto got = decode_stream_head(head(type), 0);
        CHECK_MESSAGE(got.error == errc::unreadable_answer, type);
        CHECK(got.what.verdict == stagger::verdict::transient);
        CHECK(got.tells_limit);
    }
    for (const auto* type : {"text/plain", ""}) {
        CHECK_FALSE(is_event_stream(head(type).fields));
        CHECK_FALSE(decode_stream_head(head(type), 0).error);
    }
    for (const auto* type : {"text/event-streams", "+json"}) {
        const auto got = decode_stream_head(head(type), 0);
        CHECK_MESSAGE(got.error == errc::malformed_answer, type);
        CHECK(got.what.verdict == stagger::verdict::permanent);
        CHECK(got.tells_limit);
    }
    CHECK(decode_stream_head(head("text/html"), 0).answer.info.message ==
          "answer is no event stream, but text/html");
    auto packed = head("text/event-stream");
    packed.fields.push_back({"content-encoding", "br"});
    const auto got = decode_stream_head(packed, 0);
    CHECK(got.error == errc::malformed_answer);
    CHECK(got.answer.info.message == "answer is encoded (br), which nobody asked for");
}
