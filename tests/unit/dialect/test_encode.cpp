#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "dialect/authorization.hpp"
#include "dialect/dialect.hpp"

using namespace stagger::wire;
using stagger::completion_request;
using stagger::cost;
using stagger::dialect;
using stagger::errc;
using stagger::error_code;

namespace {

encoding_context context_of(dialect target) {
    encoding_context context;
    context.dialect = target;
    context.base_path = "/v1";
    context.model = "llama-2-7b";
    context.api_key = "secret-key";
    return context;
}

encoded_request encoded(const completion_request& request, const encoding_context& context) {
    error_code error;
    std::string problem;
    auto result = encode(request, context, error, problem);
    CHECK_MESSAGE(!error, problem);
    CHECK(problem.empty());
    if (result.target.empty()) result.target = common_target(context);
    for (const auto& common : common_fields(context, delivery::whole)) result.fields.push_back(common);
    return result;
}

std::string body(const completion_request& request, dialect target) {
    return encoded(request, context_of(target)).body;
}

std::string problem_of(const completion_request& request, const encoding_context& context) {
    error_code error;
    std::string problem;
    const auto result = encode(request, context, error, problem);
    CHECK((error == errc::invalid_request) == !problem.empty());
    if (error) CHECK(result.body.empty());
    return problem;
}

std::string problem_of(const completion_request& request, dialect target) {
    return problem_of(request, context_of(target));
}

std::string value_of(const encoded_request& request, std::string_view name) {
    for (const auto& one : request.fields) {
        if (one.name == name) return one.value;
    }
    return "(none)";
}

const completion_request why("Why is the sky blue?");

}  // namespace

TEST_CASE("dialects have names") {
    for (const auto value : {dialect::openai_chat, dialect::openai_completions, dialect::llm_engine}) {
        CHECK(stagger::parse_dialect(to_string(value)) == value);
    }
    CHECK(to_string(dialect::llm_engine) == "llm-engine");
    CHECK_FALSE(stagger::parse_dialect("openai"));
}

TEST_CASE("chat completions") {
    auto request = why;
    request.system("Be brief.")
        .max_new_tokens(64)
        .temperature(0.7)
        .set("stop", R"(["\n"])")
        .request_id("mine-1");
    const auto sent = encoded(request, context_of(dialect::openai_chat));
    CHECK(sent.target == "/v1/chat/completions");
    CHECK(sent.body ==
          R"({"model":"llama-2-7b","messages":[{"role":"system","content":"Be brief."},)"
          R"({"role":"user","content":"Why is the sky blue?"}],"max_tokens":64,"temperature":0.7,)"
          R"("stop":["\n"]})");
    CHECK(value_of(sent, "Authorization") == "Bearer secret-key");
    CHECK(value_of(sent, "Content-Type") == "application/json");
    CHECK(value_of(sent, "Accept") == "application/json");
    CHECK(value_of(sent, "x-request-id") == "mine-1");
    CHECK(body(why, dialect::openai_chat) ==
          R"({"model":"llama-2-7b","messages":[{"role":"user","content":"Why is the sky blue?"}]})");
}

TEST_CASE("completions") {
    auto request = why;
    request.max_new_tokens(5).model("other");
    const auto sent = encoded(request, context_of(dialect::openai_completions));
    CHECK(sent.target == "/v1/completions");
    CHECK(sent.body == R"({"model":"other","prompt":"Why is the sky blue?","max_tokens":5})");
    request.system("x");
    CHECK(problem_of(request, dialect::openai_completions).starts_with("system: "));
}

TEST_CASE("LLM Engine") {
    auto context = context_of(dialect::llm_engine);
    context.base_path = "";
    const auto sent = encoded(why, context);
    CHECK(sent.target == "/v1/llm/completions-sync?model_endpoint_name=llama-2-7b");
    CHECK(sent.body == R"({"prompt":"Why is the sky blue?","max_new_tokens":20,"temperature":0.2})");
    CHECK(value_of(sent, "Authorization") == "Basic c2VjcmV0LWtleTo=");
    CHECK(value_of(sent, "x-api-key") == "secret-key");

    auto request = why;
    request.max_new_tokens(7).temperature(1).set("top_k", "40").set("return_token_log_probs", "true");
    CHECK(body(request, dialect::llm_engine) ==
          R"({"prompt":"Why is the sky blue?","max_new_tokens":7,"temperature":1,"top_k":40,)"
          R"("return_token_log_probs":true})");
    request.system("x");
    CHECK(problem_of(request, dialect::llm_engine).starts_with("system: "));
}

TEST_CASE("the model goes into LLM Engine's query, percent-encoded") {
    auto context = context_of(dialect::llm_engine);
    context.base_path = "/engine/api/";
    context.model =
        "org/m\xC3\xB3"
        "del v1?&=#%+.~_-";
    CHECK(encoded(why, context).target ==
          "/engine/api/v1/llm/"
          "completions-sync?model_endpoint_name=org%2Fm%C3%B3del%20v1%3F%26%3D%23%25%2B.~_-");
    context.model = "";
    CHECK(problem_of(why, context) == "model: the llm-engine dialect needs one");
}

TEST_CASE("a base path is kept, with or without a trailing slash") {
    auto context = context_of(dialect::openai_chat);
    for (const auto& [base, target] :
         std::vector<std::pair<std::string, std::string>>{{"", "/chat/completions"},
                                                          {"/", "/chat/completions"},
                                                          {"/v1", "/v1/chat/completions"},
                                                          {"/v1/", "/v1/chat/completions"},
                                                          {"/a/b%20c//", "/a/b%20c/chat/completions"}}) {
        context.base_path = base;
        CHECK(encoded(why, context).target == target);
    }
}

TEST_CASE("without a key and a model nothing is said about them") {
    for (const auto target : {dialect::openai_chat, dialect::openai_completions}) {
        auto context = context_of(target);
        context.api_key.clear();
        context.model.clear();
        const auto sent = encoded(why, context);
        CHECK(value_of(sent, "Authorization") == "(none)");
        CHECK(value_of(sent, "x-request-id") == "(none)");
        CHECK(sent.body.find("model") == std::string::npos);
    }
}

TEST_CASE("base64 pads as RFC 4648 says") {
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foob") == "Zm9vYg==");
    CHECK(base64("\xFF\xFE\x00") == "//4=");
}

TEST_CASE("nothing can be smuggled into a header") {
    auto context = context_of(dialect::openai_chat);
    context.api_key = "key\r\nX-Evil: 1";
    CHECK(problem_of(why, context).starts_with("api_key: "));
    auto request = why;
    request.request_id("a\nb");
    CHECK(problem_of(request, dialect::openai_chat).starts_with("request_id: "));
    // Nor into the body: a prompt stays a string.
    CHECK(body(completion_request("\"}],\"x\":[{\"\n"), dialect::openai_completions) ==
          R"({"model":"llama-2-7b","prompt":"\"}],\"x\":[{\"\n"})");
}

TEST_CASE("broken rules are named before anything is sent") {
    struct row {
        dialect target;
        std::vector<std::pair<std::string, std::string>> members;
        std::string problem;
    };
    constexpr auto chat = dialect::openai_chat;
    constexpr auto engine = dialect::llm_engine;
    const row rows[] = {
        {chat, {{"temperature", "2.1"}}, "temperature: must be within 0..2, is 2.1"},
        {chat, {{"temperature", "\"hot\""}}, "temperature: must be within 0..2, is \"hot\""},
        {chat, {{"top_p", "1.01"}}, "top_p: must be within 0..1, is 1.01"},
        {chat, {{"top_k", "-2"}}, "top_k: must be a whole number from -1, is -2"},
        {chat, {{"top_k", "1.5"}}, "top_k: must be a whole number from -1, is 1.5"},
        {chat, {{"top_k", "0"}}, ""},
        {chat, {{"n", "0"}}, "n: must be a whole number within 1..128, is 0"},
        {chat, {{"n", "\"two\""}}, "n: must be a whole number within 1..128, is \"two\""},
        {chat, {{"n", "128"}, {"top_logprobs", "20"}, {"seed", "-7"}}, ""},
        {chat, {{"top_logprobs", "99"}}, "top_logprobs: must be a whole number within 0..20, is 99"},
        {chat, {{"top_logprobs", "-1"}}, "top_logprobs: must be a whole number within 0..20, is -1"},
        {chat, {{"seed", "\"x\""}}, "seed: must be a whole number, is \"x\""},
        {chat, {{"top_p", "0"}}, ""},
        {chat, {{"presence_penalty", "-2"}, {"frequency_penalty", "2"}}, ""},
        {chat, {{"frequency_penalty", "-2.5"}}, "frequency_penalty: must be within -2..2, is -2.5"},
        {chat,
         {{"max_completion_tokens", "0"}},
         "max_completion_tokens: must be a whole number from 1, is 0"},
        {chat, {{"max_tokens", "1e1"}}, ""},
        {chat, {{"stream", "true"}}, "stream: must be false: the answer is asked for in one piece"},
        {chat, {{"stream", " false "}}, ""},
        {chat, {{"model", "\"x\""}}, "model: is given twice"},
        {chat, {{"messages", "[]"}}, "messages: is given twice"},
        {chat, {{"seed", "1"}, {"seed", "2"}}, "seed: is given twice"},
        {chat, {{"logit_bias", "{\"50256\":-100}"}, {"user", "null"}}, ""},
        {chat, {{"x", "{"}}, "x: is not JSON: incomplete JSON at byte 1"},
        {chat, {{"x", "1, \"y\": 2"}}, "x: is not JSON: extra data at byte 1"},
        {chat, {{"", "1"}}, "set: the member's name must not be empty"},
        {chat,
         {{"guided_json", "{}"}, {"guided_regex", "\"a\""}},
         "guided_regex: only one guided_* member may be given, and guided_json is given too"},
        {engine,
         {{"guided_choice", "[\"a\"]"}, {"guided_grammar", "\"b\""}},
         "guided_grammar: only one guided_* member may be given, and guided_choice is given too"},
        {engine, {{"guided_json", "null"}, {"guided_regex", "\"a\""}}, ""},
        {engine, {{"temperature", "1.5"}}, "temperature: must be within 0..1, is 1.5"},
        {engine, {{"top_k", "0"}}, "top_k: must be -1 or a whole number from 1, is 0"},
        {engine, {{"top_k", "-1"}}, ""},
        {engine, {{"top_p", "0"}}, "top_p: must be above 0 and at most 1, is 0"},
        {engine, {{"presence_penalty", "-0.1"}}, "presence_penalty: must be within 0..2, is -0.1"},
        {engine, {{"temperature", "0"}, {"top_k", "5"}}, "top_k: must be -1 with temperature 0, is 5"},
        {engine, {{"temperature", "0"}, {"top_p", "0.9"}}, "top_p: must be 1 with temperature 0, is 0.9"},
        {engine, {{"temperature", "0"}, {"top_k", "-1"}, {"top_p", "1.0"}}, ""},
        {engine, {{"temperature", "0"}, {"top_k", "null"}}, ""},
        {engine, {{"stop_sequences", "\"x\""}}, "stop_sequences: must be an array of strings, is \"x\""},
        {engine,
         {{"guided_choice", "[\"a\", 1]"}},
         "guided_choice: must be an array of strings, is [\"a\", 1]"},
        {engine, {{"stop_sequences", " [ \"a,]\", \"\" ] "}, {"guided_choice", "[]"}}, ""},
        {engine, {{"guided_regex", "1"}}, "guided_regex: must be a string, is 1"},
        {engine, {{"return_token_log_probs", "1"}}, "return_token_log_probs: must be true or false, is 1"},
        {engine, {{"max_new_tokens", "-1"}}, "max_new_tokens: must be a whole number from 1, is -1"},
    };
    for (const auto& [target, members, problem] : rows) {
        auto request = why;
        for (const auto& [name, value] : members) request.set(name, value);
        CHECK(problem_of(request, target) == problem);
    }
}

TEST_CASE("broken rules of the request's own settings") {
    auto request = why;
    CHECK(problem_of(request.temperature(3), dialect::openai_chat) ==
          "temperature: must be within 0..2, is 3");
    CHECK(problem_of(request.temperature(1.5), dialect::llm_engine) ==
          "temperature: must be within 0..1, is 1.5");
    CHECK(problem_of(request.temperature(std::numeric_limits<double>::quiet_NaN()), dialect::openai_chat) ==
          "temperature: must be within 0..2, is not a number");
    CHECK(problem_of(request.temperature(-0.0), dialect::openai_chat).empty());
    request.temperature(0).set("top_k", "3");
    CHECK(problem_of(request, dialect::llm_engine) == "top_k: must be -1 with temperature 0, is 3");
    CHECK(problem_of(request, dialect::openai_chat).empty());

    for (const auto& [count, shown] :
         {std::pair(std::nan(""), "not a number"), std::pair(HUGE_VAL, "infinite"), std::pair(-1.0, "-1")}) {
        auto expecting = why;
        CHECK(problem_of(expecting.expected_tokens(count), dialect::openai_chat) ==
              std::string("expected_tokens: must be a finite number >= 0, is ") + shown);
        auto whole = completion_request::from_body(R"({"messages":[]})");
        CHECK_FALSE(problem_of(whole.expected_tokens(count), dialect::openai_chat).empty());
    }
    auto twice = why;
    twice.max_new_tokens(1).set("max_tokens", "2");
    CHECK(problem_of(twice, dialect::openai_chat) == "max_tokens: is given twice");
    auto none = why;
    CHECK(problem_of(none.max_new_tokens(0), dialect::openai_chat) ==
          "max_new_tokens: must be a whole number from 1, is 0");
    CHECK(problem_of(completion_request("ab\xFF"), dialect::openai_chat) ==
          "prompt: is not valid UTF-8 at byte 2");
    auto system = why;
    CHECK(problem_of(system.system("\xC3"), dialect::openai_chat) == "system: is not valid UTF-8 at byte 0");
    auto context = context_of(dialect::llm_engine);
    context.model = "\xFF";
    CHECK(problem_of(why, context) == "model: is not valid UTF-8");
}

TEST_CASE("max_completion_tokens takes the place of max_tokens") {
    auto request = why;
    request.max_new_tokens(10).set("max_completion_tokens", "20");
    const auto text = body(request, dialect::openai_chat);
    CHECK(text.find("\"max_tokens\"") == std::string::npos);
    CHECK(text.find("\"max_completion_tokens\":20") != std::string::npos);
}

TEST_CASE("a whole body is sent as it is written") {
    const std::string whole =
        R"({ "messages" : [{"role":"user","content":"\u00e9 0.10"}], "top_p":0.70, "seed":1e2 })";
    const auto with_model = R"({"model":"own",)" + whole.substr(1);
    CHECK(body(completion_request::from_body(with_model), dialect::openai_chat) == with_model);
    CHECK(body(completion_request::from_body(whole), dialect::openai_chat) ==
          R"({"model":"llama-2-7b",)" + whole.substr(1));

    SUBCASE("only what it lacks is added") {
        auto request = completion_request::from_body(R"({"model":"own","temperature":9})");
        request.model("other").temperature(1).max_new_tokens(3).set("seed", "7").set("model", "\"x\"");
        CHECK(body(request, dialect::openai_chat) ==
              R"({"max_tokens":3,"seed":7,"model":"own","temperature":9})");
    }
    SUBCASE("an empty object") {
        CHECK(body(completion_request::from_body(" {} "), dialect::openai_chat) ==
              R"({"model":"llama-2-7b"})");
        auto context = context_of(dialect::openai_chat);
        context.model.clear();
        CHECK(encoded(completion_request::from_body("{}"), context).body == "{}");
    }
    SUBCASE("max_completion_tokens keeps max_tokens out") {
        auto request = completion_request::from_body(R"({"model":"m","max_completion_tokens":5})");
        CHECK(body(request.max_new_tokens(3), dialect::openai_chat) ==
              R"({"model":"m","max_completion_tokens":5})");
    }
}

TEST_CASE("LLM Engine's whole body gets its required members and loses the model") {
    auto context = context_of(dialect::llm_engine);
    context.base_path.clear();
    auto request = completion_request::from_body(R"({"prompt":"hi","model":"mpt 7b","temperature":0.10})");
    auto sent = encoded(request, context);
    CHECK(sent.target == "/v1/llm/completions-sync?model_endpoint_name=mpt%207b");
    CHECK(sent.body == R"({"max_new_tokens":20,"prompt":"hi","temperature":0.10})");
    sent = encoded(request.model("named"), context);
    CHECK(sent.target == "/v1/llm/completions-sync?model_endpoint_name=named");
}

TEST_CASE("a whole body that cannot be one") {
    const auto problem = [](std::string text) {
        return problem_of(completion_request::from_body(std::move(text)), dialect::openai_chat);
    };
    CHECK(problem("").starts_with("body: is not JSON"));
    CHECK(problem("{\"a\":").starts_with("body: is not JSON: incomplete JSON"));
    CHECK(problem("[1]") == "body: must be a JSON object");
    CHECK(problem(R"({"stream":true})") ==
          "body.stream: must be false: the answer is asked for in one piece");
    CHECK(problem(R"({"stream":false})").empty());
    auto request = completion_request::from_body("{}");
    CHECK(problem_of(request.system("x"), dialect::openai_chat).starts_with("system: "));
    CHECK(problem_of(completion_request::from_body("{}").set("x", "}"), dialect::llm_engine)
              .starts_with("x: "));
}

TEST_CASE("tokens: the prompt is estimated from its text, an answer is what it may have, or open") {
    const auto limited = [](double prompt, double most) { return cost{1, most, prompt, 0}; };
    const auto open = [](double prompt, double answers) { return cost{1, 0, prompt, answers}; };
    CHECK(cost_of(completion_request(std::string(400, 'a')).max_new_tokens(50)) == limited(100, 50));
    CHECK(cost_of(completion_request(std::string(400, 'a'))) == open(100, 1));
    CHECK(cost_of(completion_request("")) == open(1, 1));
    CHECK(cost_of(completion_request("1234").system("5678").max_new_tokens(1)) == limited(2, 1));
    CHECK(cost_of(completion_request("1234").set("max_completion_tokens", "9")) == limited(1, 9));
    CHECK(cost_of(completion_request("1234").set("max_completion_tokens", "9").set("n", "3")) ==
          limited(1, 27));
    CHECK(cost_of(completion_request("1234").set("n", "3")) == open(1, 3));
    CHECK(cost_of(completion_request("1234").set("n", "null").set("max_tokens", "1e999")) == open(1, 1));
    CHECK(cost_of(completion_request("1234").expected_tokens(77)) == cost{1, 77});
    const auto of_body = [&](std::string text) {
        return cost_of(completion_request::from_body(std::move(text)));
    };
    CHECK(of_body(R"({"prompt":"12345678","max_tokens":10})") == limited(2, 10));
    CHECK(of_body(R"({"prompt":"12345678","n":2})") == open(2, 2));
    CHECK(of_body(R"({"prompt":[1,2,3],"max_tokens":10,"n":2})") == limited(3, 20));
    CHECK(of_body(R"({"prompt":[[1,2],"1234"],"max_new_tokens":10})") == limited(3, 10));
    CHECK(of_body(R"({"messages":[{"role":"user","content":"12345678"}],"max_completion_tokens":10})") ==
          limited(6, 10));
    CHECK(of_body(R"({"messages":[{"content":[{"type":"text","text":"1234"},{"type":"image_url",)"
                  R"("image_url":{"url":"data:xxxxxxxxxxxxxxxxxxxxxxx"}}]}],"max_tokens":1})") ==
          limited(5, 1));
    // No server counts so many, and the budget is to go on counting.
    CHECK(of_body(R"({"prompt":"1234","max_tokens":18446744073709551615,"n":4000000000})") ==
          limited(1, 1e12));
    CHECK(cost_of(completion_request("1234").set("max_tokens", "1e300").set("n", "1e300")) ==
          limited(1, 1e12));
    // Whatever it is, it is a number.
    for (const auto* odd : {"", "[]", "{", R"({"prompt":{}})", R"({"messages":[1,null,{"content":7}]})",
                            R"({"max_tokens":-5})", R"({"max_tokens":"x","n":-1})"}) {
        CHECK_MESSAGE(of_body(odd).open_answers == 1, odd);
        CHECK_MESSAGE(of_body(odd).prompt_tokens >= 1, odd);
    }
}
