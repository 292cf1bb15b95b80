#include <doctest/doctest.h>

#include <string>

#include "dialect/dialect.hpp"
#include "stagger/chat_message.hpp"
#include "stagger/completion.hpp"

using namespace stagger;
using namespace stagger::wire;

namespace {

const std::string picture = "data:image/png;base64,aW1hZ2U=";

struct sent {
    std::string body;
    std::string problem;
};
sent encoded(const completion_request& request, dialect spoken) {
    encoding_context context;
    context.dialect = spoken;
    context.model = "m";
    error_code error;
    sent got;
    got.body = encode(request, context, error, got.problem).body;
    return got;
}

/// A chat in which the model has called two functions.
completion_request after_two_calls() {
    completion answer;
    answer.text = "Let me look.";
    answer.tool_calls = {{"c1", "temperature", R"({"city":"Paris"})"}, {"c2", "wind", ""}};
    return completion_request::chat({chat_message::user("How is it?").image(picture),
                                     chat_message::assistant(answer),
                                     chat_message::tool_result(answer.tool_calls[0], R"({"degrees":21})"),
                                     chat_message::tool_result(answer.tool_calls[1], "calm")});
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what was said stands before the prompt, in every dialect with chats") {
    completion_request request("And now?");
    request.messages({chat_message::user("Why?"), chat_message::assistant("Because.")});
    CHECK(has(encoded(request, dialect::openai_chat).body,
              R"("messages":[{"role":"user","content":"Why?"},{"role":"assistant","content":"Because."},)"
              R"({"role":"user","content":"And now?"}])"));
    CHECK(has(encoded(request, dialect::openai_responses).body,
              R"("input":[{"role":"user","content":"Why?"},{"role":"assistant","content":"Because."},)"
              R"({"role":"user","content":"And now?"}])"));
    CHECK(has(encoded(request, dialect::anthropic_messages).body,
              R"("messages":[{"role":"user","content":"Why?"},{"role":"assistant","content":"Because."},)"
              R"({"role":"user","content":"And now?"}])"));
    CHECK(has(
        encoded(request, dialect::gemini).body,
        R"("contents":[{"role":"user","parts":[{"text":"Why?"}]},)"
        R"({"role":"model","parts":[{"text":"Because."}]},{"role":"user","parts":[{"text":"And now?"}]}])"));
}

TEST_CASE("calls and results go back as each dialect writes them") {
    const completion_request request = after_two_calls();
    CHECK(has(
        encoded(request, dialect::openai_chat).body,
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,aW1hZ2U="}}]},)"
        R"({"role":"assistant","content":"Let me look.","tool_calls":[)"
        R"({"id":"c1","type":"function","function":{"name":"temperature","arguments":"{\"city\":\"Paris\"}"}},)"
        R"({"id":"c2","type":"function","function":{"name":"wind","arguments":"{}"}}]},)"
        R"({"role":"tool","tool_call_id":"c1","content":"{\"degrees\":21}"},)"
        R"({"role":"tool","tool_call_id":"c2","content":"calm"}])"));
    CHECK(has(
        encoded(request, dialect::openai_responses).body,
        R"({"role":"assistant","content":"Let me look."},)"
        R"({"type":"function_call","call_id":"c1","name":"temperature","arguments":"{\"city\":\"Paris\"}"},)"
        R"({"type":"function_call","call_id":"c2","name":"wind","arguments":"{}"},)"
        R"({"type":"function_call_output","call_id":"c1","output":"{\"degrees\":21}"},)"
        R"({"type":"function_call_output","call_id":"c2","output":"calm"}])"));
    CHECK(has(encoded(request, dialect::anthropic_messages).body,
              R"({"role":"assistant","content":[{"type":"text","text":"Let me look."},)"
              R"({"type":"tool_use","id":"c1","name":"temperature","input":{"city":"Paris"}},)"
              R"({"type":"tool_use","id":"c2","name":"wind","input":{}}]},{"role":"user","content":[)"
              R"({"type":"tool_result","tool_use_id":"c1","content":"{\"degrees\":21}"},)"
              R"({"type":"tool_result","tool_use_id":"c2","content":"calm"}]}])"));
    CHECK(has(encoded(request, dialect::gemini).body,
              R"({"role":"model","parts":[{"text":"Let me look."},)"
              R"({"functionCall":{"id":"c1","name":"temperature","args":{"city":"Paris"}}},)"
              R"({"functionCall":{"id":"c2","name":"wind","args":{}}}]},{"role":"user","parts":[)"
              R"({"functionResponse":{"id":"c1","name":"temperature","response":{"degrees":21}}},)"
              R"({"functionResponse":{"id":"c2","name":"wind","response":{"result":"calm"}}}]}])"));
}

TEST_CASE("a message that only calls has no text") {
    const auto request = completion_request::chat(
        {chat_message::user("?"), chat_message::assistant("").call({"c", "f", "{}"})});
    CHECK(has(encoded(request, dialect::openai_chat).body, R"("content":null,"tool_calls")"));
    CHECK(has(encoded(request, dialect::openai_responses).body,
              R"({"role":"user","content":"?"},{"type":"function_call")"));
    CHECK(has(encoded(request, dialect::anthropic_messages).body, R"("content":[{"type":"tool_use")"));
    CHECK(has(encoded(request, dialect::gemini).body, R"("parts":[{"functionCall")"));
}

TEST_CASE("messages that break a rule are refused by name") {
    const auto problem = [](chat_message one) {
        return encoded(completion_request::chat({std::move(one)}), dialect::openai_chat).problem;
    };
    CHECK(problem(chat_message::user("\xff")) == "messages: a text is not valid UTF-8");
    CHECK(problem(chat_message::assistant("x").image(picture)) ==
          "messages: an image must be in a user's message");
    CHECK(problem(chat_message::user("x").image("ftp://x")) ==
          "image: must be an http, https or data URL, the last with base64");
    CHECK(problem(chat_message::user("x").call({})) == "messages: a call must be in an assistant's message");
    CHECK(problem(chat_message::assistant("x").call({"c", "f", "[1]"})) ==
          "messages: the arguments of a call of f are no JSON object");
    CHECK(problem(chat_message::tool_result({"c", "f", ""}, "x").call({"d", "g", ""})) ==
          "messages: a result must be that of one call");
}

TEST_CASE("dialects without chats, and whole bodies, refuse messages") {
    const auto request = completion_request::chat({chat_message::user("why?")});
    CHECK(encoded(request, dialect::openai_completions).problem ==
          "messages: the openai-completions dialect has no chats");
    CHECK(encoded(request, dialect::openai_embeddings).problem ==
          "messages: the openai-embeddings dialect has no chats");
    CHECK(encoded(request, dialect::llm_engine).problem == "messages: the llm-engine dialect has no chats");
    auto whole = completion_request::from_body(R"({"messages":[]})");
    whole.messages({chat_message::user("why?")});
    CHECK(encoded(whole, dialect::openai_chat).problem ==
          "messages: cannot be added to a whole body; put it into the body");
    const auto linked = completion_request::chat({chat_message::user("x").image("https://x/y.png")});
    CHECK(encoded(linked, dialect::gemini).problem == "image: the gemini dialect takes no URL but data:");
}

TEST_CASE("what was said is counted with the prompt") {
    const double prompt = cost_of(completion_request("123456789012")).prompt_tokens;
    completion_request longer("123456789012");
    longer.messages({chat_message::user("12345678"), chat_message::assistant("").call({"c", "fn", "{}"})});
    CHECK(cost_of(longer).prompt_tokens == prompt + (4 + 2) + (4 + 1));
}
