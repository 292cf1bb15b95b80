#include <doctest/doctest.h>

#include <string>
#include <variant>

#include "throttled_server/answer.hpp"
#include "throttled_server/api_key.hpp"
#include "throttled_server/call.hpp"
#include "throttled_server/limit_headers.hpp"
#include "throttled_server/statistics.hpp"

using namespace stagger;
using namespace std::chrono_literals;
namespace served = stagger::server;

namespace {

served::call read(dialect spoken, const std::string& body, const std::string& target = "/") {
    return std::get<served::call>(served::read_call(spoken, target, body));
}

}  // namespace

TEST_CASE("a path leads to a dialect, whatever precedes it") {
    using served::route;
    const auto found = [](const char* method, const char* target) {
        return served::find_destination(method, target);
    };
    CHECK(found("POST", "/v1/chat/completions").spoken == dialect::openai_chat);
    CHECK(found("POST", "/chat/completions?x=1").to == route::completion);
    CHECK(found("POST", "/a/b/v2/completions").spoken == dialect::openai_completions);
    CHECK(found("POST", "/v1/llm/completions-sync?model_endpoint_name=m").spoken == dialect::llm_engine);
    CHECK(found("POST", "/v1/llm/completions-stream?model_endpoint_name=m").spoken == dialect::llm_engine);
    CHECK(found("POST", "/v1/responses").spoken == dialect::openai_responses);
    CHECK(found("POST", "/openai/v1/embeddings").spoken == dialect::openai_embeddings);
    CHECK(found("POST", "/anthropic/v1/messages").spoken == dialect::anthropic_messages);
    CHECK(found("POST", "/v1beta/models/g:generateContent").spoken == dialect::gemini);
    CHECK(found("POST", "/v1beta/models/g:streamGenerateContent?alt=sse").spoken == dialect::gemini);
    CHECK(found("POST", "/openai/deployments/d/chat/completions?api-version=1").to == route::completion);
    CHECK(found("POST", "/v1/v1/messages").to == route::nothing);
    CHECK(found("POST", "/v1/x/responses").to == route::nothing);
    CHECK(found("POST", "/messages").to == route::nothing);
    CHECK(found("GET", "/stats").to == route::stats);
    CHECK(found("POST", "/stats").to == route::wrong_method);
    CHECK(found("POST", "/stats/reset").to == route::reset_stats);
    CHECK(found("GET", "/completions").to == route::wrong_method);
    CHECK(found("POST", "/incompletions").to == route::nothing);
    CHECK(found("POST", "/v1/models").to == route::nothing);
    CHECK(found("POST", "").to == route::nothing);
}

TEST_CASE("a chat's tokens are those of all its messages, its prompt is the last") {
    const auto call = read(dialect::openai_chat, R"({"model": "m", "max_completion_tokens": 7, "messages": [
        {"role": "system", "content": "12345678"}, {"role": "user", "content": [
            {"type": "text", "text": "ab"}, {"type": "image_url", "image_url": {}}, {"type": "text", "text": "cd"}]}]})");
    CHECK(call.prompts == std::vector<std::string>{"abcd"});
    CHECK(call.prompt_tokens == 3);
    CHECK(call.max_tokens == 7);
}

TEST_CASE("LLM Engine's model comes from the query, decoded") {
    const auto call = read(dialect::llm_engine, R"({"prompt": "x", "max_new_tokens": 3})",
                           "/v1/llm/completions-sync?model_endpoint_name=meta%2Fllama%202");
    CHECK(call.model == "meta/llama 2");
    CHECK(call.max_tokens == 3);
}

TEST_CASE("Gemini's model and stream come from the path, its bound from the configuration") {
    const auto call = read(dialect::gemini,
                           R"({"generationConfig": {"maxOutputTokens": 9}, "contents": [
                               {"role": "model", "parts": [{"text": "12345678"}]},
                               {"role": "user", "parts": [{"text": "ab"}, {"inlineData": {}}, {"text": "cd"}]}]})",
                           "/v1beta/models/gemini-2:streamGenerateContent?alt=sse");
    CHECK(call.model == "gemini-2");
    CHECK(call.streamed);
    CHECK(call.max_tokens == 9);
    CHECK(call.prompts == std::vector<std::string>{"abcd"});
    CHECK(call.prompt_tokens == 3);
}

TEST_CASE("a call is answered where a tool of its name is offered") {
    const auto tool_of = [](dialect spoken, const std::string& tools, const std::string& prompt) {
        const std::string max = spoken == dialect::anthropic_messages ? R"("max_tokens": 9, )" : "";
        const auto call = read(spoken, "{" + max + R"("messages": [{"role": "user", "content": ")" + prompt +
                                           R"("}], "tools": )" + tools + "}");
        return call.tool ? call.tool->name + " " + call.tool->arguments : "";
    };
    const std::string chat = R"([{"type": "function", "function": {"name": "f"}}])";
    CHECK(tool_of(dialect::openai_chat, chat, "call: f {}") == "f {}");
    CHECK(tool_of(dialect::openai_chat, chat, "call: f") == "f {}");
    CHECK(tool_of(dialect::openai_chat, chat, "call: g {}").empty());
    CHECK(tool_of(dialect::openai_chat, chat, "hello").empty());
    CHECK(tool_of(dialect::anthropic_messages, R"([3, {"name": "f"}])", "call: f [1]") == "f [1]");
}

TEST_CASE("a wrong member is named") {
    const auto member = [](dialect spoken, const std::string& body) {
        return std::get<served::call_problem>(served::read_call(spoken, "/", body)).member;
    };
    CHECK(member(dialect::openai_chat, R"({"messages": "x"})") == "messages");
    CHECK(member(dialect::openai_completions, R"({"prompt": 3})") == "prompt");
    CHECK(member(dialect::openai_completions, R"({"prompt": ["x", 3]})") == "prompt");
    CHECK(member(dialect::openai_completions, R"({"prompt": "x", "max_tokens": -1})") == "max_tokens");
    CHECK(member(dialect::llm_engine, R"({"prompt": ["x"]})") == "prompt");
    CHECK(member(dialect::llm_engine, R"({"prompt": "x", "max_new_tokens": 1.5})") == "max_new_tokens");
    CHECK(member(dialect::openai_responses, R"({"input": 3})") == "input");
    CHECK(member(dialect::openai_embeddings, R"({"input": ["x", 3]})") == "input");
    CHECK(member(dialect::openai_embeddings, R"({"input": "x", "dimensions": 5000})") == "dimensions");
    CHECK(member(dialect::anthropic_messages, R"({"messages": [{"content": "x"}]})") == "max_tokens");
    CHECK(member(dialect::gemini, R"({"contents": []})") == "contents");
    CHECK(member(dialect::openai_chat, "3").empty());
    CHECK(member(dialect::openai_chat, std::string(10'000, '[')).empty());
}

TEST_CASE("spans as OpenAI's headers and Retry-After write them") {
    CHECK(served::go_span(0ms) == "0ms");
    CHECK(served::go_span(20ms) == "20ms");
    CHECK(served::go_span(19'000'001ns) == "20ms");
    CHECK(served::go_span(1s) == "1s");
    CHECK(served::go_span(1500ms) == "1.5s");
    CHECK(served::go_span(6min) == "6m0s");
    CHECK(served::go_span(1h + 2min + 3500ms) == "1h2m3.5s");
    CHECK(served::go_span(1h) == "1h0m0s");
    CHECK(served::go_span(999'999'999ns) == "1s");
    CHECK(served::go_span(59'999'999'999ns) == "1m0s");
    CHECK(served::decimal_seconds(2s) == "2");
    CHECK(served::decimal_seconds(50ms) == "0.05");
    CHECK(served::decimal_seconds(1'000'000'001ns) == "1.000000001");
}

TEST_CASE("a reset is a date for Anthropic") {
    std::string lines;
    served::append_limit_headers(lines, provider::header_hint::anthropic,
                                 {{provider::unit::tokens, 50, 7, 1500ms}}, 1706371500);
    CHECK(lines ==
          "anthropic-ratelimit-tokens-limit: 50\r\nanthropic-ratelimit-tokens-remaining: 7\r\n"
          "anthropic-ratelimit-tokens-reset: 2024-01-27T16:05:02Z\r\n");
}

TEST_CASE("a key is compared as a whole") {
    CHECK(served::presents_key("", "", ""));
    CHECK(served::presents_key("k", "Bearer k", ""));
    CHECK(served::presents_key("k", "Basic azo=", ""));
    CHECK(served::presents_key("k", "", "k"));
    CHECK_FALSE(served::presents_key("k", "", ""));
    CHECK_FALSE(served::presents_key("k", "k", ""));
    CHECK_FALSE(served::presents_key("k", "Bearer kk", "k"));
    CHECK_FALSE(served::presents_key("k", "Bearer ", ""));
}

TEST_CASE("callers are numbered as they come, and past a bound share one number") {
    served::caller_names names;
    CHECK(names.number_of("a") == 0);
    CHECK(names.number_of("b") == 1);
    CHECK(names.number_of("a") == 0);
    for (int i = 0; i < 10'000; ++i) names.number_of(std::to_string(i));
    CHECK(served::caller_names::label(names.number_of("9998")) == "others");
    CHECK(names.number_of("9999") == names.number_of("never seen"));
    CHECK(served::caller_names::label(0) == "key-1");
}
