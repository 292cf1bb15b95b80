#include <doctest/doctest.h>

#include <string>

#include "batch/batch_line.hpp"
#include "dialect/dialect.hpp"

using namespace stagger::wire;
using stagger::dialect;

namespace {

constexpr auto chat = dialect::openai_chat;
constexpr auto completions = dialect::openai_completions;
constexpr auto engine = dialect::llm_engine;

batch_item jsonl(std::string_view line, dialect target = chat, std::size_t number = 7) {
    return parse_batch_line(line, prompt_format::jsonl, number, target);
}

std::string problem(std::string_view line, dialect target = chat,
                    prompt_format format = prompt_format::jsonl) {
    try {
        parse_batch_line(line, format, 7, target);
    } catch (const batch_line_error& wrong) {
        return wrong.what();
    }
    return "(none)";
}

std::string sent(const batch_item& item, dialect target) {
    encoding_context context;
    context.dialect = target;
    context.model = "default";
    stagger::error_code error;
    std::string wrong;
    const auto encoded = encode(item.request, context, error, wrong);
    CHECK_MESSAGE(!error, wrong);
    return (encoded.target.empty() ? common_target(context) : encoded.target) + ' ' + encoded.body;
}

}  // namespace

TEST_CASE("plain text: a prompt a line") {
    const auto item = parse_batch_line(" Why? {\"x\"} \r", prompt_format::text, 3, chat);
    CHECK(item.custom_id == "line-3");
    CHECK(item.request.prompt() == " Why? {\"x\"} ");
    CHECK(parse_batch_line("\xEF\xBB\xBFhi", prompt_format::text, 1, chat).request.prompt() == "hi");
    CHECK(problem("a\xFF", chat, prompt_format::text) == "not valid UTF-8 at byte 1");
    CHECK(problem("  \r", chat, prompt_format::text) == "the line is empty");
}

TEST_CASE("a prompt with parameters, the same for every dialect") {
    const std::string line = R"({"id":"a-1","prompt":"Why \u00e9?","max_tokens":5,"temperature":0.50,)"
                             R"("model":"m","top_p":0.90,"stop":["x"],"user":null})";
    auto item = jsonl(line);
    CHECK(item.custom_id == "a-1");
    CHECK(item.request.prompt() == "Why \xC3\xA9?");
    CHECK(sent(item, chat) ==
          "/chat/completions {\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
          "\"Why \xC3\xA9?\"}],\"max_tokens\":5,\"temperature\":0.5,\"top_p\":0.90,\"stop\":[\"x\"],"
          "\"user\":null}");
    CHECK(sent(jsonl(line, completions), completions)
              .starts_with("/completions {\"model\":\"m\",\"prompt\":\"Why"));
    CHECK(sent(jsonl(line, engine), engine) ==
          "/v1/llm/completions-sync?model_endpoint_name=m {\"prompt\":\"Why \xC3\xA9?\",\"max_new_tokens\":5,"
          "\"temperature\":0.5,\"top_p\":0.90,\"stop\":[\"x\"],\"user\":null}");
    item = jsonl(
        R"({"prompt":"x","system":"Be brief.","max_new_tokens":9,"temperature":null,"max_tokens":null})");
    CHECK(item.custom_id == "line-7");
    CHECK(item.request.system() == "Be brief.");
    CHECK(item.request.max_new_tokens() == 9U);
    CHECK_FALSE(item.request.temperature());
}

TEST_CASE("ids") {
    CHECK(jsonl(R"({"prompt":"x","custom_id":"c","id":"i"})").custom_id == "c");
    CHECK(jsonl(R"({"prompt":"x","id":42})").custom_id == "42");
    CHECK(jsonl(R"({"prompt":"x","id":null})").custom_id == "line-7");
    CHECK(problem(R"({"prompt":"x","id":""})") == "id: must not be empty");
    CHECK(problem(R"({"prompt":"x","id":[1]})") == "id: must be a string, is [1]");
    // A line that cannot be used is still known by its id.
    try {
        jsonl(R"({"id":"mine","prompt":7})");
        CHECK_MESSAGE(false, "not refused");
    } catch (const batch_line_error& wrong) {
        CHECK(wrong.custom_id() == "mine");
        CHECK(std::string(wrong.what()) == "prompt: must be a string, is 7");
    }
    try {
        jsonl("{");
        CHECK_MESSAGE(false, "not refused");
    } catch (const batch_line_error& wrong) {
        CHECK(wrong.custom_id() == "line-7");
    }
}

TEST_CASE("messages are passed on as they are written") {
    CHECK(
        sent(
            jsonl(
                R"({"id":"1","messages":[{"role":"user","content":"\u00e9"}],"max_new_tokens":5,"top_p":0.10})"),
            chat) ==
        R"(/chat/completions {"model":"default","messages":[{"role":"user","content":"\u00e9"}],)"
        R"("max_tokens":5,"top_p":0.10})");
    CHECK(
        sent(jsonl(R"({"messages":[ {"role":"user","content":"x"} ],"system":"s\"","model":"m"})"), chat) ==
        R"(/chat/completions {"messages":[{"role":"system","content":"s\""},{"role":"user","content":"x"} ],)"
        R"("model":"m"})");
    CHECK(problem(R"({"messages":[]})") == "messages: must not be empty");
    CHECK(problem(R"({"messages":[ ]})") == "messages: must not be empty");
    CHECK(problem(R"({"messages":"x"})") == "messages: must be an array, is \"x\"");
    CHECK(problem(R"({"messages":[{}],"prompt":"x"})") == "prompt: cannot stand beside messages");
    CHECK(problem(R"({"messages":[{}]})", completions) ==
          "messages: the openai-completions dialect takes \"prompt\"; messages need the openai-chat dialect");
    CHECK(problem(R"({"messages":[{}]})", engine) ==
          "messages: the llm-engine dialect takes \"prompt\"; messages need the openai-chat dialect");
}

TEST_CASE("an OpenAI Batch line") {
    const std::string body = R"({ "messages":[{"role":"user","content":"\u00e9"}], "temperature":0.70 })";
    const auto item =
        jsonl(R"({"custom_id":"r-1","method":"POST","url":"/v1/chat/completions","body":)" + body + "}");
    CHECK(item.custom_id == "r-1");
    CHECK(item.request.body() == body);
    CHECK(sent(item, chat) == R"(/chat/completions {"model":"default",)" + body.substr(1));
    CHECK_NOTHROW(
        jsonl(R"({"custom_id":"r","method":"POST","url":"/v1/completions","body":{"prompt":["a","b"]}})",
              completions));
    const auto engine_item =
        jsonl(R"({"custom_id":"r","method":"POST",)"
              R"("url":"/v1/llm/completions-sync?model_endpoint_name=a%2Fb","body":{"prompt":"x"}})",
              engine);
    CHECK(sent(engine_item, engine) ==
          R"(/v1/llm/completions-sync?model_endpoint_name=a%2Fb {"max_new_tokens":20,)"
          R"("temperature":0.2,"prompt":"x"})");
}

TEST_CASE("a Batch line that does not fit") {
    const auto line = [](std::string method, std::string url, std::string body) {
        return R"({"custom_id":"r","method":)" + method + R"(,"url":)" + url + R"(,"body":)" + body + "}";
    };
    const std::string post = R"("POST")";
    const std::string chat_url = R"("/v1/chat/completions")";
    const std::string messages = R"({"messages":[]})";
    CHECK(problem(line(post, chat_url, messages)) == "(none)");
    CHECK(problem(line(R"("GET")", chat_url, messages)) == "method: must be \"POST\", is \"GET\"");
    CHECK(problem(line(post, chat_url, messages), completions) ==
          "url: \"/v1/chat/completions\" does not fit the openai-completions dialect");
    CHECK(problem(line(post, R"("/v1/completions")", messages)) ==
          "url: \"/v1/completions\" does not fit the openai-chat dialect");
    CHECK(problem(line(post, R"("/v1/embeddings")", messages), engine) ==
          "url: \"/v1/embeddings\" does not fit the llm-engine dialect");
    CHECK(problem(line(post, "7", messages)) == "url: must be a string, is 7");
    CHECK(problem(line(post, chat_url, "[]")) == "body: must be an object, is []");
    CHECK(problem(line(post, chat_url, "null")) == "body: is missing");
    CHECK(problem(line(post, chat_url, "{}")) == "body.messages: is missing");
    CHECK(problem(line(post, R"("/v1/completions")", messages), completions) == "body.prompt: is missing");
    CHECK(problem(R"({"custom_id":"r","method":"POST","body":{}})") == "url: is missing");
    CHECK(problem(R"({"custom_id":"r","url":"/v1/chat/completions"})") == "body: is missing");
}

TEST_CASE("lines that are no prompts") {
    CHECK(problem("") == "the line is empty");
    CHECK(problem("not json").starts_with("not valid JSON: syntax error at byte "));
    CHECK(problem("{\"prompt\":\"x\"").starts_with("not valid JSON: incomplete JSON at byte "));
    CHECK(problem("[1]") == "must be a JSON object, is [1]");
    CHECK(problem("{}") == "prompt: is missing, and there are neither messages nor a body");
    CHECK(problem(R"({"prompt":null})") == "prompt: is missing, and there are neither messages nor a body");
    CHECK(problem("{\"prompt\":\"\xC3\"}") == "not valid UTF-8 at byte 11");
    CHECK(problem(R"({"prompt":"x","prompt":"y"})") == "prompt: is given twice");
    CHECK(problem(R"({"prompt":"x","max_tokens":0})") == "max_tokens: must be a whole number from 1, is 0");
    CHECK(problem(R"({"prompt":"x","max_tokens":1.5})") ==
          "max_tokens: must be a whole number from 1, is 1.5");
    CHECK(problem(R"({"prompt":"x","max_tokens":99999999999})") ==
          "max_tokens: must be a whole number from 1, is 99999999999");
    CHECK(problem(R"({"prompt":"x","temperature":"hot"})") == "temperature: must be a number, is \"hot\"");
    CHECK(problem(R"({"prompt":"x","model":3})") == "model: must be a string, is 3");
    CHECK(problem(R"({"prompt":"x","system":"s"})", engine) ==
          "system: the llm-engine dialect has no system message");
    const auto cut = problem(R"({"prompt":[")" + std::string(500, 'x') + "\"]}");
    CHECK(cut.size() < 120);
}

TEST_CASE("a template makes prompts of lines of text and of members") {
    const prompt_template french("Translate to {{French}}: {text}");
    CHECK(parse_batch_line("Hi {text}", prompt_format::text, 3, chat, {&french}).request.prompt() ==
          "Translate to {French}: Hi {text}");

    const prompt_template both("{name} is {age}; {name}?");
    const auto item = parse_batch_line(R"({"id":"a","name":"Zo\u00eb","age":7,"max_tokens":5,"top_p":0.5})",
                                       prompt_format::jsonl, 3, chat, {&both});
    CHECK(item.custom_id == "a");
    CHECK(item.request.prompt() == "Zo\xC3\xAB is 7; Zo\xC3\xAB?");
    CHECK(item.request.max_new_tokens() == 5u);
    CHECK(sent(item, chat).ends_with(R"("max_tokens":5,"top_p":0.5})"));

    const auto refused = [&](std::string_view line, prompt_format format, const prompt_template& form) {
        try {
            parse_batch_line(line, format, 3, chat, {&form});
        } catch (const batch_line_error& wrong) {
            return std::string(wrong.what());
        }
        return std::string("(none)");
    };
    CHECK(refused(R"({"name":"x"})", prompt_format::jsonl, both) ==
          "age: is missing, and the template has a place for it");
    CHECK(refused(R"({"text":"x","prompt":"y"})", prompt_format::jsonl, french) ==
          "prompt: cannot stand beside a template that has no place for it");
    CHECK(refused("x", prompt_format::text, both) ==
          "name: a line of plain text fills in {text} and no other place of a template");
}

TEST_CASE("what is no template says why") {
    const auto problem_of = [](std::string_view text) {
        try {
            prompt_template{text};
        } catch (const std::invalid_argument& wrong) {
            return std::string(wrong.what());
        }
        return std::string("(none)");
    };
    CHECK(problem_of("a {text}") == "(none)");
    CHECK(problem_of("no place {{text}}") == "has no place for what a line says, such as {text}");
    CHECK(problem_of("a { b") == "the { at byte 2 is not closed; {{ stands for a brace");
    CHECK(problem_of("a {b{c}") == "the { at byte 2 is not closed; {{ stands for a brace");
    CHECK(problem_of("a } b") == "the } at byte 2 closes nothing; }} stands for a brace");
    CHECK(problem_of("a {} b") == "the place at byte 2 has no name");
    CHECK(problem_of("\xFF{text}") == "is not valid UTF-8");
}
