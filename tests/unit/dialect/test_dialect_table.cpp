#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "dialect/dialect.hpp"
#include "dialect/stream_answer.hpp"

using stagger::completion_request;
using stagger::dialect;
using stagger::errc;
using stagger::error_code;
using namespace stagger::wire;

namespace {

constexpr auto chat = dialect::openai_chat;
constexpr auto text = dialect::openai_completions;
constexpr auto engine = dialect::llm_engine;

encoded_request encoded(const completion_request& request, dialect spoken, const std::string& base,
                        delivery how, std::string& problem) {
    encoding_context context;
    context.dialect = spoken;
    context.base_path = base;
    context.model = "m-1";
    context.api_key = "key";
    error_code error;
    auto sent = encode(request, context, error, problem, how);
    CHECK((error == errc::invalid_request) == !problem.empty());
    if (sent.target.empty()) sent.target = common_target(context);
    for (const auto& common : common_fields(context, how)) sent.fields.push_back(common);
    return sent;
}

std::string field_of(const encoded_request& sent, std::string_view name) {
    for (const auto& one : sent.fields) {
        if (one.name == name) return one.value;
    }
    return {};
}

/// One way to ask one API, and what it answers.
struct row {
    std::string name;
    dialect spoken;
    std::string base;
    delivery how;
    std::string target;
    std::string body;
    std::string answer;  ///< a body, or the documents of a stream
};

const std::vector<row> table{
    {"chat", chat, "/v1", delivery::whole, "/v1/chat/completions",
     R"({"model":"m-1","messages":[{"role":"user","content":"why?"}],"max_tokens":9,"temperature":0.5})",
     R"({"id":"id-1","object":"chat.completion","created":1700000000,"model":"m-1","choices":[{"index":0,)"
     R"("message":{"role":"assistant","content":"because","refusal":null},"logprobs":null,)"
     R"("finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":2,"total_tokens":6},)"
     R"("system_fingerprint":"fp"})"},
    {"chat, streamed", chat, "/v1", delivery::streamed, "/v1/chat/completions",
     R"({"model":"m-1","messages":[{"role":"user","content":"why?"}],"max_tokens":9,"temperature":0.5,)"
     R"("stream":true,"stream_options":{"include_usage":true}})",
     "data: {\"id\":\"id-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":"
     "{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n\n"
     "data: "
     "{\"id\":\"id-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"be\"},\"finish_reason\":null}]}\n\n"
     "data: "
     "{\"id\":\"id-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"cause\"},\"finish_reason\":null}]}"
     "\n\ndata: {\"id\":\"id-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
     "data: {\"id\":\"id-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2,"
     "\"total_tokens\":6}}\n\ndata: [DONE]\n\n"},
    {"completions", text, "/v1", delivery::whole, "/v1/completions",
     R"({"model":"m-1","prompt":"why?","max_tokens":9,"temperature":0.5})",
     R"({"id":"id-1","object":"text_completion","created":1700000000,"model":"m-1","choices":[{"text":"because",)"
     R"("index":0,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":2,)"
     R"("total_tokens":6}})"},
    {"completions, streamed", text, "/v1", delivery::streamed, "/v1/completions",
     R"({"model":"m-1","prompt":"why?","max_tokens":9,"temperature":0.5,"stream":true,)"
     R"("stream_options":{"include_usage":true}})",
     "data: {\"id\":\"id-1\",\"object\":\"text_completion\",\"choices\":[{\"text\":\"be\",\"index\":0,"
     "\"finish_reason\":null}]}\n\ndata: {\"id\":\"id-1\",\"choices\":[{\"text\":\"cause\",\"index\":0,"
     "\"finish_reason\":\"stop\"}]}\n\ndata: {\"id\":\"id-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":4,"
     "\"completion_tokens\":2}}\n\ndata: [DONE]\n\n"},
    {"LLM Engine", engine, "/api/", delivery::whole, "/api/v1/llm/completions-sync?model_endpoint_name=m-1",
     R"({"prompt":"why?","max_new_tokens":9,"temperature":0.5})",
     R"({"request_id":"id-1","output":{"text":"because","num_prompt_tokens":4,"num_completion_tokens":2,)"
     R"("tokens":null}})"},
    {"LLM Engine, streamed", engine, "/api/", delivery::streamed,
     "/api/v1/llm/completions-stream?model_endpoint_name=m-1",
     R"({"prompt":"why?","max_new_tokens":9,"temperature":0.5})",
     ": ping - 2024-01-27 16:05:00\r\n\r\ndata: "
     "{\"request_id\":\"id-1\",\"output\":{\"text\":\"be\",\"finished\":false,"
     "\"num_prompt_tokens\":null,\"num_completion_tokens\":1,\"token\":null},\"error\":null}\r\n\r\n"
     "data: "
     "{\"request_id\":\"id-1\",\"output\":{\"text\":\"cause\",\"finished\":true,\"num_prompt_tokens\":4,"
     "\"num_completion_tokens\":2,\"token\":null},\"error\":null}\r\n\r\n"},
    {"LLM Engine v2, streamed without an end marker", text, "/api/v2", delivery::streamed,
     "/api/v2/completions",
     R"({"model":"m-1","prompt":"why?","max_tokens":9,"temperature":0.5,"stream":true,)"
     R"("stream_options":{"include_usage":true}})",
     "data: {\"id\":\"id-1\",\"choices\":[{\"text\":\"because\",\"index\":0,\"finish_reason\":\"stop\"}],"
     "\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\r\n\r\n"},
};

stagger::completion answer_of(const row& asked) {
    if (asked.how == delivery::whole) {
        auto got =
            decode({200, {{"Content-Type", "application/json"}}, asked.answer}, asked.spoken, 0, "key");
        CHECK_FALSE(got.error);
        return got.answer;
    }
    sse_parser parser(4096, 4096);
    stream_answer answer(asked.spoken, "key");
    std::string_view unread = asked.answer;
    auto last = stream_answer::step::nothing;
    while (!unread.empty() && last != stream_answer::step::end) {
        error_code error;
        unread.remove_prefix(parser.put(unread, error));
        REQUIRE_FALSE(error);
        if (!parser.has_event()) continue;
        stagger::completion_delta delta;
        last = answer.take(parser.take(), delta);
    }
    if (last != stream_answer::step::end) CHECK(answer.take_end_of_body() == stream_answer::step::end);
    CHECK_FALSE(answer.error());
    return answer.answer();
}

using members = std::vector<std::pair<std::string, std::string>>;

/// Every further member of LLM Engine's body, at the edges of what it may be.
const members engine_members{{"stop_sequences", R"(["\n", "###"])"},
                             {"return_token_log_probs", "true"},
                             {"presence_penalty", "0"},
                             {"frequency_penalty", "2"},
                             {"top_k", "-1"},
                             {"top_p", "1"},
                             {"include_stop_str_in_output", "false"},
                             {"guided_json", R"({"type": "object"})"},
                             {"skip_special_tokens", "true"}};
const members openai_members{
    {"tools", R"([{"type": "function", "function": {"name": "f", "parameters": {"type":"object"}}}])"},
    {"tool_choice", R"("auto")"},
    {"response_format", R"({"type":"json_object"})"},
    {"stop", R"("\n")"},
    {"n", "2"},
    {"logprobs", "true"},
    {"seed", "-7"},
    {"logit_bias", R"({"50256": -100})"},
    {"presence_penalty", "-2"},
    {"top_p", "0.1"},
    {"user", R"("u\u00e9")"},
    {"a member of tomorrow", R"({"x": [1.0, 1e400, null]})"}};

}  // namespace

TEST_CASE("every way to ask every API, and to read its answer") {
    for (const auto& one : table) {
        CAPTURE(one.name);
        std::string problem;
        const auto request = completion_request("why?").max_new_tokens(9).temperature(0.5);
        const auto sent = encoded(request, one.spoken, one.base, one.how, problem);
        CHECK(problem.empty());
        CHECK(sent.target == one.target);
        CHECK(sent.body == one.body);
        CHECK(field_of(sent, "Content-Type") == "application/json");
        CHECK(field_of(sent, "Accept") ==
              (one.how == delivery::whole ? "application/json" : "text/event-stream, application/json"));
        CHECK(field_of(sent, "Authorization").starts_with(one.spoken == engine ? "Basic " : "Bearer "));

        const auto answer = answer_of(one);
        CHECK(answer.text == "because");
        CHECK(answer.usage.prompt_tokens == 4);
        CHECK(answer.usage.completion_tokens == 2);
        CHECK(answer.info.request_id == "id-1");
        CHECK(answer.finish_reason == (one.spoken == engine ? "" : "stop"));
    }
}

TEST_CASE("every member of a body goes out as it was written, one-shot and streamed") {
    for (const auto& one : table) {
        CAPTURE(one.name);
        completion_request request("why?");
        std::string expected;
        for (const auto& [name, json] : one.spoken == engine ? engine_members : openai_members) {
            request.set(name, json);
            expected.append(",\"").append(name).append("\":").append(json);
        }
        std::string problem;
        const auto sent = encoded(request, one.spoken, one.base, one.how, problem);
        CHECK(problem.empty());
        CHECK(sent.body.ends_with(expected + "}"));
    }
}

TEST_CASE("a member that breaks LLM Engine's rules is named before anything is sent") {
    const members wrong{{"stop_sequences", R"("\n")"},
                        {"return_token_log_probs", "1"},
                        {"presence_penalty", "-0.1"},
                        {"frequency_penalty", "2.1"},
                        {"top_k", "0"},
                        {"top_k", "-2"},
                        {"top_p", "0"},
                        {"temperature", "1.1"},
                        {"max_new_tokens", "0"},
                        {"include_stop_str_in_output", R"("yes")"},
                        {"guided_json", "[]"},
                        {"guided_regex", "7"},
                        {"guided_grammar", "{}"},
                        {"guided_choice", R"("a")"},
                        {"skip_special_tokens", "0"}};
    for (const auto how : {delivery::whole, delivery::streamed}) {
        for (const auto& [name, json] : wrong) {
            std::string problem;
            encoded(completion_request("why?").set(name, json), engine, "", how, problem);
            CHECK_MESSAGE(problem.starts_with(name + ": must be "), problem);
            CHECK_MESSAGE(problem.ends_with(", is " + json), problem);
        }
    }
}

TEST_CASE("what a request says of streaming must be what is awaited") {
    const auto problem_of = [](const completion_request& request, dialect spoken, delivery how) {
        std::string problem;
        encoded(request, spoken, "", how, problem);
        return problem;
    };
    const auto body_of = [](const completion_request& request, dialect spoken) {
        std::string problem;
        return encoded(request, spoken, "", delivery::streamed, problem).body;
    };
    for (const auto spoken : {chat, text, engine}) {
        const auto set = [](const char* json) { return completion_request("why?").set("stream", json); };
        CHECK(problem_of(set("true"), spoken, delivery::streamed).empty());
        CHECK(problem_of(set("false"), spoken, delivery::whole).empty());
        CHECK(problem_of(set("false"), spoken, delivery::streamed) ==
              "stream: must be true: the answer is asked for as a stream");
        CHECK(problem_of(set("true"), spoken, delivery::whole) ==
              "stream: must be false: the answer is asked for in one piece");
    }
    CHECK(problem_of(completion_request::from_body(R"({"stream":false})"), chat, delivery::streamed) ==
          "body.stream: must be true: the answer is asked for as a stream");
    CHECK(problem_of(completion_request::from_body(R"({"stream":true})"), chat, delivery::streamed).empty());

    // Usage is asked for unless the request says what it wants.
    auto silent = completion_request("why?");
    silent.set("stream_options", "null");
    CHECK(body_of(silent, chat).ends_with(R"("stream":true,"stream_options":null})"));
    CHECK(body_of(completion_request::from_body(R"({"messages": []})"), chat) ==
          R"({"stream":true,"stream_options":{"include_usage":true},"model":"m-1","messages": []})");
    CHECK(body_of(completion_request::from_body(R"({"stream_options":{},"stream":true,"model":"x"})"),
                  text) == R"({"stream_options":{},"stream":true,"model":"x"})");
    CHECK(body_of(completion_request::from_body(R"({"prompt":"x","model":"y"})"), engine) ==
          R"({"max_new_tokens":20,"temperature":0.2,"prompt":"x"})");
}
