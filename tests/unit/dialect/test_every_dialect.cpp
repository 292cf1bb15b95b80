#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/dialect.hpp"
#include "dialect/registry.hpp"
#include "dialect/stream_answer.hpp"

using stagger::completion;
using stagger::completion_request;
using stagger::dialect;
using stagger::errc;
using stagger::error_code;
using stagger::tool_call;
using stagger::verdict;
using namespace stagger::wire;

namespace {

/// An answer that is an error, and what it means.
struct failing {
    unsigned status;
    std::string body;
    errc error;
    stagger::verdict verdict;
};

/// What one dialect sends and receives. Empty: it has no such thing.
struct shapes {
    dialect spoken;
    std::string target;
    std::string streamed_target;
    std::string key_field;
    std::string body;           // of the plain request
    std::string streamed_body;  // the same as a stream
    std::string with_system;    // of the prompt, a system text and stop texts
    std::string with_image;
    std::string with_tool;
    std::string with_schema;
    std::string answer;  // "because", of 9 tokens of which 4 were cached, and 2 more
    std::string finish;
    std::string stream;  // the same
    std::string calling;
    std::string calling_stream;
    failing refusal;
    failing overload_in_success;
    std::string overload_in_stream;
    failing quota;
    failing prompt_refused;
};

constexpr std::string_view schema = R"({"type":"object","properties":{"city":{"type":"string"}}})";
constexpr std::string_view picture = "data:image/png;base64,aW1hZ2U=";

std::string events(const std::vector<std::string>& documents, bool named) {
    std::string all;
    for (const std::string& one : documents) {
        constexpr std::string_view before = R"({"type":")";
        if (named && one.starts_with(before)) {
            all += "event: " + one.substr(before.size(), one.find('"', before.size()) - before.size()) + "\n";
        }
        all += "data: " + one + "\n\n";
    }
    return all;
}

shapes openai_chat_shapes() {
    shapes it;
    it.spoken = dialect::openai_chat;
    it.target = it.streamed_target = "/v1/chat/completions";
    it.key_field = "Authorization: Bearer my-secret-key";
    it.body =
        R"({"model":"m-1","messages":[{"role":"user","content":"why?"}],"max_tokens":9,"temperature":0.5})";
    it.streamed_body =
        it.body.substr(0, it.body.size() - 1) + R"(,"stream":true,"stream_options":{"include_usage":true}})";
    it.with_system =
        R"({"model":"m-1","messages":[{"role":"system","content":"briefly"},{"role":"user","content":"why?"}],)"
        R"("stop":["\n","END"]})";
    it.with_image = R"({"model":"m-1","messages":[{"role":"user","content":[{"type":"text","text":"why?"},)"
                    R"({"type":"image_url","image_url":{"url":"data:image/png;base64,aW1hZ2U="}}]}]})";
    it.with_tool =
        R"({"model":"m-1","messages":[{"role":"user","content":"why?"}],"tools":[{"type":"function",)"
        R"("function":{"name":"weather","description":"of a city","parameters":)" +
        std::string(schema) + "}}]}";
    it.with_schema =
        R"({"model":"m-1","messages":[{"role":"user","content":"why?"}],"response_format":{"type":"json_schema",)"
        R"("json_schema":{"name":"place","schema":)" +
        std::string(schema) + R"(,"strict":true}}})";
    const std::string usage =
        R"("usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":4}})";
    it.answer =
        R"({"id":"id-1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant",)"
        R"("content":"because","refusal":null},"finish_reason":"stop"}],)" +
        usage + "}";
    it.finish = "stop";
    it.stream =
        events({R"({"id":"id-1","choices":[{"index":0,"delta":{"role":"assistant","content":"be"}}]})",
                R"({"id":"id-1","choices":[{"index":0,"delta":{"content":"cause"},"finish_reason":null}]})",
                R"({"id":"id-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})",
                R"({"id":"id-1","choices":[],)" + usage + "}", "[DONE]"},
               false);
    it.calling =
        R"({"id":"id-1","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[)"
        R"({"id":"call-1","type":"function","function":{"name":"weather","arguments":"{\"city\": \"Rome\"}"}}]},)"
        R"("finish_reason":"tool_calls"}]})";
    it.calling_stream = events(
        {R"({"id":"id-1","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[)"
         R"({"index":0,"id":"call-1","type":"function","function":{"name":"weather","arguments":""}}]}}]})",
         R"({"id":"id-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\": "}}]}}]})",
         R"({"id":"id-1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Rome\"}"}}]}}]})",
         R"({"id":"id-1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]})", "[DONE]"},
        false);
    it.refusal = {429, R"({"error":{"message":"slow","type":"requests","code":"rate_limit_exceeded"}})",
                  errc::rate_limited, verdict::throttled};
    it.overload_in_success = {200, R"({"error":{"message":"busy","code":503}})", errc::overloaded,
                              verdict::throttled};
    it.overload_in_stream = events({R"({"error":{"message":"busy","code":503}})"}, false);
    it.quota = {429, R"({"error":{"message":"pay","type":"insufficient_quota","code":"insufficient_quota"}})",
                errc::quota_exhausted, verdict::permanent};
    // Azure's filter.
    it.prompt_refused = {
        400, R"({"error":{"message":"filtered","code":"content_filter","innererror":{"code":"x"}}})",
        errc::bad_request, verdict::permanent};
    return it;
}

shapes openai_completions_shapes() {
    shapes it;
    it.spoken = dialect::openai_completions;
    it.target = it.streamed_target = "/v1/completions";
    it.key_field = "Authorization: Bearer my-secret-key";
    it.body = R"({"model":"m-1","prompt":"why?","max_tokens":9,"temperature":0.5})";
    it.streamed_body =
        it.body.substr(0, it.body.size() - 1) + R"(,"stream":true,"stream_options":{"include_usage":true}})";
    const std::string usage =
        R"("usage":{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4}})";
    it.answer =
        R"({"id":"id-1","choices":[{"index":0,"text":"because","finish_reason":"stop"}],)" + usage + "}";
    it.finish = "stop";
    it.stream = events({R"({"id":"id-1","choices":[{"index":0,"text":"be","finish_reason":null}]})",
                        R"({"id":"id-1","choices":[{"index":0,"text":"cause","finish_reason":"stop"}]})",
                        R"({"id":"id-1","choices":[],)" + usage + "}", "[DONE]"},
                       false);
    it.refusal = openai_chat_shapes().refusal;
    it.overload_in_success = openai_chat_shapes().overload_in_success;
    it.overload_in_stream = openai_chat_shapes().overload_in_stream;
    it.quota = openai_chat_shapes().quota;
    it.prompt_refused = openai_chat_shapes().prompt_refused;
    return it;
}

shapes llm_engine_shapes() {
    shapes it;
    it.spoken = dialect::llm_engine;
    it.target = "/v1/llm/completions-sync?model_endpoint_name=m-1";
    it.streamed_target = "/v1/llm/completions-stream?model_endpoint_name=m-1";
    it.key_field = "x-api-key: my-secret-key";
    it.body = it.streamed_body = R"({"prompt":"why?","max_new_tokens":9,"temperature":0.5})";
    it.with_schema = R"({"prompt":"why?","max_new_tokens":20,"temperature":0.2,"guided_json":)" +
                     std::string(schema) + "}";
    it.answer =
        R"({"request_id":"id-1","output":{"text":"because","num_prompt_tokens":9,"num_completion_tokens":2}})";
    it.stream = events(
        {R"({"request_id":"id-1","output":{"text":"be","finished":false,"num_completion_tokens":1},"error":null})",
         R"({"request_id":"id-1","output":{"text":"cause","finished":true,"num_prompt_tokens":9,)"
         R"("num_completion_tokens":2},"error":null})"},
        false);
    it.refusal = {429, R"({"error":"Too many requests","timestamp":"x"})", errc::rate_limited,
                  verdict::throttled};
    it.quota = {402, R"({"detail":"no money"})", errc::quota_exhausted, verdict::permanent};
    it.prompt_refused = {400, R"({"detail":"bad"})", errc::bad_request, verdict::permanent};
    return it;
}

shapes openai_responses_shapes() {
    shapes it;
    it.spoken = dialect::openai_responses;
    it.target = it.streamed_target = "/v1/responses";
    it.key_field = "Authorization: Bearer my-secret-key";
    it.body = R"({"model":"m-1","input":"why?","max_output_tokens":9,"temperature":0.5})";
    it.streamed_body = it.body.substr(0, it.body.size() - 1) + R"(,"stream":true})";
    it.with_image =
        R"({"model":"m-1","input":[{"role":"user","content":[{"type":"input_text","text":"why?"},)"
        R"({"type":"input_image","image_url":"data:image/png;base64,aW1hZ2U="}]}]})";
    it.with_tool = R"({"model":"m-1","input":"why?","tools":[{"type":"function","name":"weather",)"
                   R"("description":"of a city","parameters":)" +
                   std::string(schema) + R"(,"strict":false}]})";
    it.with_schema =
        R"({"model":"m-1","input":"why?","text":{"format":{"type":"json_schema","name":"place","schema":)" +
        std::string(schema) + R"(,"strict":true}}})";
    const std::string usage =
        R"("usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":2,)"
        R"("output_tokens_details":{"reasoning_tokens":1},"total_tokens":11})";
    const std::string whole =
        R"({"id":"id-1","object":"response","status":"completed","error":null,"incomplete_details":null,)"
        R"("output":[{"type":"reasoning","summary":[]},{"type":"message","role":"assistant","content":[)"
        R"({"type":"output_text","text":"because","annotations":[]}]}],)" +
        usage + "}";
    it.answer = whole;
    it.finish = "completed";
    it.stream = events({R"({"type":"response.created","response":{"id":"id-1","status":"in_progress"}})",
                        R"({"type":"response.output_item.added","output_index":0,"item":{"type":"message"}})",
                        R"({"type":"response.output_text.delta","output_index":0,"delta":"be"})",
                        R"({"type":"response.output_text.delta","output_index":0,"delta":"cause"})",
                        R"({"type":"response.output_text.done","text":"because"})",
                        R"({"type":"response.completed","response":)" + whole + "}"},
                       true);
    const std::string call =
        R"({"type":"function_call","id":"fc-1","call_id":"call-1","name":"weather","arguments":"{\"city\": \"Rome\"}"})";
    it.calling = R"({"id":"id-1","status":"completed","output":[)" + call + "]}";
    it.calling_stream =
        events({R"({"type":"response.created","response":{"id":"id-1"}})",
                R"({"type":"response.function_call_arguments.delta","output_index":0,"delta":"{\"city\""})",
                R"({"type":"response.output_item.done","output_index":0,"item":)" + call + "}",
                R"({"type":"response.completed","response":)" + it.calling + "}"},
               true);
    it.refusal = openai_chat_shapes().refusal;
    it.overload_in_success = {
        200,
        R"({"id":"id-1","object":"response","status":"failed","output":[],"error":{"code":"rate_limit_exceeded","message":"slow"}})",
        errc::rate_limited, verdict::throttled};
    it.overload_in_stream = events(
        {R"({"type":"response.failed","response":{"id":"id-1","status":"failed","error":{"code":"server_is_overloaded","message":"busy"}}})"},
        true);
    it.quota = openai_chat_shapes().quota;
    it.prompt_refused = {400, R"({"error":{"message":"flagged","code":"invalid_prompt"}})", errc::bad_request,
                         verdict::permanent};
    return it;
}

shapes openai_embeddings_shapes() {
    shapes it;
    it.spoken = dialect::openai_embeddings;
    it.target = "/v1/embeddings";
    it.key_field = "Authorization: Bearer my-secret-key";
    it.refusal = openai_chat_shapes().refusal;
    it.overload_in_success = openai_chat_shapes().overload_in_success;
    it.quota = openai_chat_shapes().quota;
    it.prompt_refused = {400, R"({"error":{"message":"too long"}})", errc::bad_request, verdict::permanent};
    return it;
}

shapes anthropic_shapes() {
    shapes it;
    it.spoken = dialect::anthropic_messages;
    it.target = it.streamed_target = "/v1/messages";
    it.key_field = "x-api-key: my-secret-key";
    it.body =
        R"({"model":"m-1","max_tokens":9,"messages":[{"role":"user","content":"why?"}],"temperature":0.5})";
    it.streamed_body = it.body.substr(0, it.body.size() - 1) + R"(,"stream":true})";
    it.with_system = R"({"model":"m-1","max_tokens":4096,"system":"briefly","messages":[{"role":"user",)"
                     R"("content":"why?"}],"stop_sequences":["\n","END"]})";
    it.with_image =
        R"({"model":"m-1","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"image","source":{)"
        R"("type":"base64","media_type":"image/png","data":"aW1hZ2U="}},{"type":"text","text":"why?"}]}]})";
    it.with_tool =
        R"({"model":"m-1","max_tokens":4096,"messages":[{"role":"user","content":"why?"}],"tools":[)"
        R"({"name":"weather","description":"of a city","input_schema":)" +
        std::string(schema) + "}]}";
    it.with_schema =
        R"({"model":"m-1","max_tokens":4096,"messages":[{"role":"user","content":"why?"}],"output_config":)"
        R"({"format":{"type":"json_schema","schema":)" +
        std::string(schema) + "}}}";
    const std::string input =
        R"("input_tokens":3,"cache_read_input_tokens":4,"cache_creation_input_tokens":2)";
    it.answer =
        R"({"id":"id-1","type":"message","role":"assistant","model":"m-1","content":[{"type":"thinking",)"
        R"("thinking":"hm"},{"type":"text","text":"be"},{"type":"text","text":"cause"}],)"
        R"("stop_reason":"end_turn","usage":{)" +
        input + R"(,"output_tokens":2}})";
    it.finish = "end_turn";
    it.stream = events(
        {R"({"type":"message_start","message":{"id":"id-1","role":"assistant","content":[],"usage":{)" +
             input + R"(,"output_tokens":1}}})",
         R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
         R"({"type":"ping"})",
         R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"be"}})",
         R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"cause"}})",
         R"({"type":"content_block_stop","index":0})",
         R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}})",
         R"({"type":"something_new"})", R"({"type":"message_stop"})"},
        true);
    it.calling =
        R"({"id":"id-1","type":"message","content":[{"type":"text","text":""},{"type":"tool_use","id":"call-1",)"
        R"("name":"weather","input":{"city": "Rome"}}],"stop_reason":"tool_use"})";
    it.calling_stream = events(
        {R"({"type":"message_start","message":{"id":"id-1","content":[]}})",
         R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
         R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"call-1",)"
         R"("name":"weather","input":{}}})",
         R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\": "}})",
         R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"Rome\"}"}})",
         R"({"type":"content_block_stop","index":1})",
         R"({"type":"message_delta","delta":{"stop_reason":"tool_use"}})", R"({"type":"message_stop"})"},
        true);
    it.refusal = {429,
                  R"({"type":"error","error":{"type":"rate_limit_error","message":"slow"},"request_id":"r"})",
                  errc::rate_limited, verdict::throttled};
    it.overload_in_success = {
        200, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
        errc::overloaded, verdict::throttled};
    it.overload_in_stream =
        events({R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"}, true);
    it.quota = {
        400,
        R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}})",
        errc::quota_exhausted, verdict::permanent};
    it.prompt_refused = {400, R"({"type":"error","error":{"type":"invalid_request_error","message":"no"}})",
                         errc::bad_request, verdict::permanent};
    return it;
}

shapes gemini_shapes() {
    shapes it;
    it.spoken = dialect::gemini;
    it.target = "/v1beta/models/m-1:generateContent";
    it.streamed_target = "/v1beta/models/m-1:streamGenerateContent?alt=sse";
    it.key_field = "x-goog-api-key: my-secret-key";
    const std::string asks = R"("contents":[{"role":"user","parts":[{"text":"why?"}]}])";
    it.body = it.streamed_body =
        "{" + asks + R"(,"generationConfig":{"maxOutputTokens":9,"temperature":0.5}})";
    it.with_system = "{" + asks +
                     R"(,"systemInstruction":{"parts":[{"text":"briefly"}]},"generationConfig":)"
                     R"({"stopSequences":["\n","END"]}})";
    it.with_image = R"({"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png",)"
                    R"("data":"aW1hZ2U="}},{"text":"why?"}]}]})";
    it.with_tool = "{" + asks +
                   R"(,"tools":[{"functionDeclarations":[{"name":"weather","description":"of a city",)"
                   R"("parametersJsonSchema":)" +
                   std::string(schema) + "}]}]}";
    it.with_schema = "{" + asks +
                     R"(,"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":)" +
                     std::string(schema) + "}}";
    const std::string usage =
        R"("usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":4,"candidatesTokenCount":1,)"
        R"("thoughtsTokenCount":1,"totalTokenCount":11},"responseId":"id-1")";
    it.answer =
        R"({"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"be"},)"
        R"({"text":"cause"}]},"finishReason":"STOP","index":0}],)" +
        usage + "}";
    it.finish = "STOP";
    it.stream = events(
        {R"({"candidates":[{"content":{"role":"model","parts":[{"text":"be"}]}}],"usageMetadata":{"promptTokenCount":9}})",
         R"({"candidates":[{"content":{"role":"model","parts":[{"text":"cause"}]},"finishReason":"STOP"}],)" +
             usage + "}"},
        false);
    it.calling =
        R"({"candidates":[{"content":{"parts":[{"text":""},{"functionCall":{"id":"call-1","name":"weather",)"
        R"("args":{"city": "Rome"}}}]},"finishReason":"STOP"}]})";
    it.calling_stream = events({it.calling}, false);
    it.refusal = {
        429,
        R"({"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":[{"@type":)"
        R"("type.googleapis.com/google.rpc.RetryInfo","retryDelay":"38.2s"},{"violations":[{"quotaId":)"
        R"("GenerateRequestsPerMinutePerProjectPerModel"}]}]}})",
        errc::rate_limited, verdict::throttled};
    it.overload_in_success = {200, R"({"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}})",
                              errc::overloaded, verdict::throttled};
    it.overload_in_stream = events({it.overload_in_success.body}, false);
    it.quota = {400,
                R"({"error":{"code":400,"message":"pay","status":"FAILED_PRECONDITION","details":[)"
                R"({"reason":"billing_not_active"}]}})",
                errc::quota_exhausted, verdict::permanent};
    it.prompt_refused = {
        200, R"({"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3}})",
        errc::error_in_answer, verdict::permanent};
    return it;
}

const std::vector<shapes>& all_shapes() {
    static const std::vector<shapes> all{openai_chat_shapes(),
                                         openai_completions_shapes(),
                                         llm_engine_shapes(),
                                         openai_responses_shapes(),
                                         openai_embeddings_shapes(),
                                         anthropic_shapes(),
                                         gemini_shapes()};
    return all;
}

std::string name_of(const shapes& one) {
    return std::string(to_string(one.spoken));
}

encoding_context context_of(const shapes& one) {
    encoding_context context;
    context.dialect = one.spoken;
    context.model = "m-1";
    context.api_key = "my-secret-key";
    const bool has_own_version = !implementation_of(one.spoken).version().empty();
    context.base_path = has_own_version ? "" : "/v1";
    return context;
}

struct sent {
    std::string target;
    std::string body;
    std::string problem;
};

sent encoded(const shapes& one, const completion_request& request, delivery how = delivery::whole) {
    const encoding_context context = context_of(one);
    error_code error;
    sent got;
    auto request_of = encode(request, context, error, got.problem, how);
    CHECK(error.failed() == !got.problem.empty());
    got.target = request_of.target.empty() ? common_target(context) : request_of.target;
    got.body = request_of.body;
    return got;
}

decoded_answer decoded(const shapes& one, unsigned status, const std::string& body) {
    return decode({status, {{"Content-Type", "application/json"}}, body}, one.spoken, 1.8e9, "my-secret-key");
}

/// What a stream comes to, read from pieces of one size.
completion streamed(const shapes& one, std::string_view bytes, error_code& error, std::size_t piece = 7) {
    sse_parser parser(65536, 65536);
    stream_answer answer(one.spoken, "my-secret-key");
    auto last = stream_answer::step::nothing;
    std::string text;
    while (!bytes.empty() && last != stream_answer::step::end && last != stream_answer::step::failed &&
           !answer.is_whole()) {
        error_code wrong;
        const auto taken = parser.put(bytes.substr(0, piece), wrong);
        REQUIRE_FALSE(wrong);
        bytes.remove_prefix(taken);
        if (!parser.has_event()) continue;
        stagger::completion_delta delta;
        last = answer.take(parser.take(), delta);
        if (last == stream_answer::step::delta) text += delta.text;
    }
    if (last != stream_answer::step::end && last != stream_answer::step::failed) answer.take_end_of_body();
    error = answer.error();
    if (!error) CHECK(text == answer.answer().text);
    return answer.answer();
}

void check_answer(const shapes& one, const completion& answer) {
    CHECK(answer.text == "because");
    CHECK(answer.finish_reason == one.finish);
    CHECK(answer.usage.prompt_tokens == 9);
    CHECK(answer.usage.completion_tokens == 2);
    if (one.spoken != dialect::llm_engine) CHECK(answer.usage.cached_tokens == 4);
    CHECK(answer.info.request_id == "id-1");
}

completion_request plain() {
    return completion_request("why?").max_new_tokens(9).temperature(0.5);
}

}  // namespace

TEST_CASE("there are shapes of every dialect") {
    REQUIRE(all_shapes().size() == registered_dialects().size());
    for (const auto& known : registered_dialects()) {
        const auto& same = all_shapes()[static_cast<std::size_t>(known.value)];
        CHECK(same.spoken == known.value);
        CHECK(known.implementation().value() == known.value);
        CHECK(stagger::parse_dialect(known.name) == known.value);
        CHECK(to_string(known.value) == known.name);
    }
}

TEST_CASE("a plain prompt in every dialect, whole and streamed, and its answer") {
    for (const shapes& one : all_shapes()) {
        if (one.body.empty()) continue;
        CAPTURE(name_of(one));
        const sent whole = encoded(one, plain());
        CHECK(whole.problem.empty());
        CHECK(whole.target == one.target);
        CHECK(whole.body == one.body);
        const sent stream = encoded(one, plain(), delivery::streamed);
        CHECK(stream.target == one.streamed_target);
        CHECK(stream.body == one.streamed_body);

        const auto got = decoded(one, 200, one.answer);
        CHECK_FALSE(got.error);
        check_answer(one, got.answer);
        for (const std::size_t piece : {1, 7, 100000}) {
            error_code error;
            const completion answer = streamed(one, one.stream, error, piece);
            CHECK_FALSE(error);
            check_answer(one, answer);
        }
    }
}

TEST_CASE("every dialect carries the key as its servers want it") {
    for (const shapes& one : all_shapes()) {
        CAPTURE(name_of(one));
        bool found = false;
        for (const field& each : common_fields(context_of(one), delivery::whole))
            found = found || each.name + ": " + each.value == one.key_field;
        CHECK(found);
        auto without = context_of(one);
        without.api_key.clear();
        for (const field& each : common_fields(without, delivery::whole))
            CHECK(each.value.find("key") == std::string::npos);
    }
}

TEST_CASE("system and stop texts, images, tools and schemas mean the same, or are refused by name") {
    using request = completion_request;
    struct feature {
        std::string name;
        request asked;
        std::string shapes::*body;
    };
    const std::vector<feature> features{
        {"image", request("why?").image("image/png", "image"), &shapes::with_image},
        {"tool", request("why?").tool("weather", "of a city", std::string(schema)), &shapes::with_tool},
        {"json_schema", request("why?").json_schema("place", std::string(schema)), &shapes::with_schema},
        {"system", request("why?").system("briefly").stop({"\n", "END"}), &shapes::with_system},
    };
    for (const shapes& one : all_shapes()) {
        for (const feature& each : features) {
            CAPTURE(name_of(one));
            CAPTURE(each.name);
            const sent got = encoded(one, each.asked);
            if (!(one.*each.body).empty()) {
                CHECK(got.problem == "");
                CHECK(got.body == one.*each.body);
            } else if (one.spoken == dialect::openai_responses) {
                CHECK(got.problem == "stop: the openai-responses dialect has no stop texts");
            } else {
                CHECK(got.problem.starts_with(each.name + ": the " + name_of(one) + " dialect has no "));
            }
        }
    }
}

TEST_CASE("calls of tools, whole and joined from a stream") {
    const std::vector<tool_call> expected{{"call-1", "weather", R"({"city": "Rome"})"}};
    for (const shapes& one : all_shapes()) {
        if (one.calling.empty()) continue;
        CAPTURE(name_of(one));
        const auto got = decoded(one, 200, one.calling);
        CHECK_FALSE(got.error);
        CHECK(got.answer.tool_calls == expected);
        error_code error;
        CHECK(streamed(one, one.calling_stream, error).tool_calls == expected);
        CHECK_FALSE(error);
    }
}

TEST_CASE("what errors mean in every dialect, also inside a success") {
    for (const shapes& one : all_shapes()) {
        for (const failing* each :
             {&one.refusal, &one.overload_in_success, &one.quota, &one.prompt_refused}) {
            if (each->body.empty()) continue;
            CAPTURE(name_of(one));
            CAPTURE(each->body);
            const auto got = decoded(one, each->status, each->body);
            CHECK(got.error == each->error);
            CHECK(got.what.verdict == each->verdict);
            CHECK_FALSE(got.answer.info.message.empty());
            CHECK(got.answer.text.empty());
        }
    }
    const auto waits = decoded(gemini_shapes(), 429, gemini_shapes().refusal.body);
    CHECK(waits.what.retry_after == std::chrono::milliseconds(38200));
}

TEST_CASE("an error inside a stream ends it with what it means") {
    for (const shapes& one : all_shapes()) {
        if (one.overload_in_stream.empty()) continue;
        CAPTURE(name_of(one));
        error_code error;
        const auto answer = streamed(one, one.overload_in_stream, error);
        CHECK(error == errc::overloaded);
        CHECK((answer.info.message == "busy" || answer.info.message == "Overloaded"));
    }
}

TEST_CASE("a stream that ends anywhere before its end was cut") {
    for (const shapes& one : all_shapes()) {
        if (one.stream.empty()) continue;
        CAPTURE(name_of(one));
        // Up to where the finish reason comes nobody could take it for whole.
        const auto told =
            one.finish.empty() ? one.stream.rfind("data:") : one.stream.find("\"" + one.finish + "\"");
        REQUIRE(told != std::string::npos);
        for (std::size_t length = 0; length < told; length += 3) {
            error_code error;
            streamed(one, one.stream.substr(0, length), error);
            CHECK(error == errc::answer_truncated);
        }
    }
}

TEST_CASE("answers that are malformed in every dialect are refused, and read no further") {
    const std::vector<std::string> broken{
        "{}",
        "[]",
        "7",
        R"({"choices":7,"output":7,"content":7,"candidates":7,"data":7})",
        R"({"choices":[7],"output":[7],"content":[7],"candidates":[7],"data":[7]})",
        R"({"choices":[{}],"output":{},"content":{},"candidates":{},"data":[{}]})"};
    for (const shapes& one : all_shapes()) {
        for (const std::string& body : broken) {
            CAPTURE(name_of(one));
            CAPTURE(body);
            const auto got = decoded(one, 200, body);
            CHECK(got.error == errc::malformed_answer);
            CHECK(got.what.verdict == verdict::permanent);
        }
        CHECK(decoded(one, 200, "<html>").error == errc::unreadable_answer);
        CHECK(decoded(one, 200, "{").error == errc::unreadable_answer);
        // No event, whatever is in it, may be read beyond what it has.
        for (const std::string_view type :
             {"message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop",
              "response.created", "response.output_text.delta", "response.output_item.done",
              "response.completed", "response.failed", "error", "x"}) {
            for (
                const std::string_view rest :
                {"", R"(,"message":7,"delta":7,"item":7,"response":7,"content_block":7,"candidates":[7])",
                 R"(,"message":{},"delta":{},"item":{},"response":{},"content_block":{},"index":-1,)"
                 R"("candidates":[{"content":{"parts":[7,{"functionCall":7}]}}],"choices":[{"delta":{"tool_calls":[7]}}])"}) {
                error_code error;
                streamed(one, "data: {\"type\":\"" + std::string(type) + "\"" + std::string(rest) + "}\n\n",
                         error);
            }
        }
    }
}

TEST_CASE("whole bodies get what they lack, in the dialect's words") {
    const auto body_of = [](const shapes& one, std::string body, delivery how = delivery::whole) {
        auto request = completion_request::from_body(std::move(body));
        request.max_new_tokens(9).temperature(0.5);
        return encoded(one, request, how);
    };
    CHECK(body_of(anthropic_shapes(), R"({"messages": []})", delivery::streamed).body ==
          R"({"stream":true,"model":"m-1","max_tokens":9,"temperature":0.5,"messages": []})");
    CHECK(encoded(anthropic_shapes(), completion_request::from_body("{}")).body ==
          R"({"model":"m-1","max_tokens":4096})");
    CHECK(body_of(openai_responses_shapes(), R"({"input": "x","temperature":1})").body ==
          R"({"model":"m-1","max_output_tokens":9,"input": "x","temperature":1})");
    const auto google =
        body_of(gemini_shapes(), R"({"model":"g/2","generationConfig":{"temperature":1,"topK":3}})");
    CHECK(google.target == "/v1beta/models/g%2F2:generateContent");
    CHECK(google.body == R"({"generationConfig":{"maxOutputTokens":9,"temperature":1,"topK":3}})");
    CHECK(encoded(gemini_shapes(), completion_request::from_body(R"({"contents":[]})").model("models/x"))
              .target == "/v1beta/models/x:generateContent");
    CHECK(encoded(gemini_shapes(), completion_request::from_body("{}").stop({"x"})).problem ==
          "stop: cannot be added to a whole body; put it into the body");
}

TEST_CASE("ranges are those of the dialect") {
    const auto problem_of = [](const shapes& one, const completion_request& request) {
        return encoded(one, request).problem;
    };
    CHECK(problem_of(anthropic_shapes(), completion_request("x").temperature(1.5)) ==
          "temperature: must be within 0..1, is 1.5");
    CHECK(problem_of(anthropic_shapes(), completion_request("x").set("max_tokens", "0")) == "");
    CHECK(problem_of(anthropic_shapes(), completion_request("x").max_new_tokens(1).set("max_tokens", "2")) ==
          "max_tokens: is given twice");
    CHECK(problem_of(gemini_shapes(), completion_request("x").temperature(2)) == "");
    CHECK(problem_of(gemini_shapes(), completion_request("x").temperature(2).set("generationConfig", "{}")) ==
          "generationConfig: is given twice");
    CHECK(problem_of(openai_embeddings_shapes(), completion_request("x").temperature(1)) ==
          "temperature: the openai-embeddings dialect has none");
    CHECK(problem_of(gemini_shapes(), completion_request("x").image("https://example.com/a.png")) ==
          "image: the gemini dialect takes no URL but data:");
    CHECK(problem_of(openai_chat_shapes(), completion_request("x").image("ftp://a")) ==
          "image: must be an http, https or data URL, the last with base64");
    CHECK(problem_of(openai_chat_shapes(), completion_request("x").tool("a b", "", "{}")) ==
          "tool: the name must be letters, digits, _, - and ., is \"a b\"");
    CHECK(problem_of(openai_chat_shapes(), completion_request("x").json_schema("a", "[")) ==
          "json_schema: the schema is not JSON: incomplete JSON at byte 1");
}

TEST_CASE("embeddings: vectors as they were written, in the order of what was embedded") {
    const shapes one = openai_embeddings_shapes();
    CHECK(encoded(one, completion_request("why?").set("dimensions", "2")).body ==
          R"({"model":"m-1","input":"why?","dimensions":2})");
    CHECK(encoded(one, completion_request("x"), delivery::streamed).problem ==
          "stream: the openai-embeddings dialect answers in one piece");
    const auto single =
        decoded(one, 200,
                R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10, -2e-3]}],)"
                R"("model":"m","usage":{"prompt_tokens":8,"total_tokens":8}})");
    CHECK_FALSE(single.error);
    CHECK(single.answer.text == "[0.10, -2e-3]");
    CHECK(single.answer.usage.prompt_tokens == 8);
    CHECK_FALSE(single.answer.usage.completion_tokens);
    CHECK(decoded(one, 200, R"({"data":[{"index":1,"embedding":"QQ=="},{"index":0,"embedding":[1]}]})")
              .answer.text == R"([[1],"QQ=="])");
    // Ten thousand vectors have more numbers than are put down of any other answer.
    std::string many = R"({"data":[)";
    for (int i = 0; i < 10000; ++i) {
        many += (i ? R"(,{"index":)" : R"({"index":)") + std::to_string(i) + R"(,"embedding":[)";
        for (int number = 0; number < 300; ++number) many += number ? ",1" : "1";
        many += "]}";
    }
    CHECK_FALSE(decoded(one, 200, many + "]}").error);
}

TEST_CASE("Responses that end early, or refuse, say why") {
    const shapes one = openai_responses_shapes();
    CHECK(
        decoded(one, 200,
                R"({"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]})")
            .answer.finish_reason == "max_output_tokens");
    CHECK(
        decoded(
            one, 200,
            R"({"status":"completed","output":[{"type":"message","content":[{"type":"refusal","refusal":"no"}]}]})")
            .answer.finish_reason == "refusal");
    error_code error;
    streamed(one,
             events({R"({"type":"error","code":"rate_limit_exceeded","message":"slow","param":null})"}, true),
             error);
    CHECK(error == errc::rate_limited);
}

TEST_CASE("what requests cost is reckoned as each provider does") {
    const auto limited = completion_request(std::string(400, 'a')).max_new_tokens(50);
    CHECK(cost_of(limited, dialect::openai_responses).tokens == 50);
    const auto made = cost_of(limited, dialect::anthropic_messages);
    CHECK(made.tokens == 0);
    CHECK(made.open_answers == 1);
    const auto embedded = cost_of(limited, dialect::openai_embeddings);
    CHECK(embedded.prompt_tokens == 100);
    CHECK(embedded.open_answers + embedded.tokens == 0);
    const auto body = [](std::string text, dialect spoken) {
        return cost_of(completion_request::from_body(std::move(text)), spoken).prompt_tokens;
    };
    CHECK(body(R"({"input":["12345678",[1,2]]})", dialect::openai_embeddings) == 4);
    CHECK(body(R"({"input":[{"role":"user","content":"1234"}],"instructions":"5678"})",
               dialect::openai_responses) == 6);
    CHECK(body(R"({"contents":[{"parts":[{"text":"12345678"}]}]})", dialect::gemini) == 6);
    CHECK(body(R"({"system":"1234","messages":[{"content":"1234"}]})", dialect::anthropic_messages) == 6);
    const auto posted = completion_request::post("v1/embeddings?x=1", R"({"input":"12345678"})");
    CHECK(cost_of(posted, dialect::openai_chat).prompt_tokens == 2);
    CHECK(cost_of(posted, dialect::openai_chat).open_answers == 0);
}

TEST_CASE("Google tells of an error in the middle of a stream outside of any event") {
    const std::string error_text =
        "{\n \"error\": {\n  \"code\": 503,\n  \"message\": \"busy\",\n  \"status\": "
        "\"UNAVAILABLE\"\n }\n}";
    for (const std::string& before :
         {std::string(), gemini_shapes().stream.substr(0, gemini_shapes().stream.find("\n\n") + 2)}) {
        for (const std::string end : {"", "\n", "\n\n"}) {
            sse_parser parser(4096, 4096);
            stream_answer answer(dialect::gemini, "my-secret-key");
            std::string_view bytes;
            const std::string whole = before + error_text + end;
            for (bytes = whole; !bytes.empty();) {
                error_code wrong;
                bytes.remove_prefix(parser.put(bytes, wrong));
                stagger::completion_delta delta;
                if (parser.has_event()) answer.take(parser.take(), delta);
            }
            CHECK(answer.take_end_of_body(parser.stray()) == stream_answer::step::failed);
            CHECK(answer.error() == errc::overloaded);
            CHECK(answer.answer().info.message == "busy");
        }
    }
}
