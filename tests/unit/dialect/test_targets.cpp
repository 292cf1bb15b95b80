#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "dialect/dialect.hpp"
#include "dialect/known_hosts.hpp"
#include "dialect/registry.hpp"

using stagger::completion_request;
using stagger::dialect;
using stagger::dialect_of_url;
using stagger::errc;
using stagger::error_code;
using namespace stagger::wire;

namespace {

encoding_context context_of(dialect spoken, std::string host, std::string path, std::string query = "") {
    encoding_context context;
    context.dialect = spoken;
    context.host = std::move(host);
    context.base_path = std::move(path);
    context.base_query = std::move(query);
    context.model = "m/1";
    context.api_key = "my-secret-key";
    return context;
}

std::string target(const encoding_context& context, delivery how = delivery::whole) {
    error_code error;
    std::string problem;
    const auto sent = encode(completion_request("x"), context, error, problem, how);
    CHECK(problem.empty());
    return sent.target.empty() ? common_target(context) : sent.target;
}

std::string target(dialect spoken, std::string host, std::string path, std::string query = "") {
    return target(context_of(spoken, std::move(host), std::move(path), std::move(query)));
}

std::string target_of_post(const encoding_context& context, std::string path) {
    error_code error;
    std::string problem;
    const auto sent = encode(completion_request::post(std::move(path), "{}"), context, error, problem);
    return problem.empty() ? sent.target : problem;
}

}  // namespace

TEST_CASE("a base URL that ends in the operation, or in the version, is not doubled") {
    struct row {
        dialect spoken;
        std::vector<std::string> bases;
        std::string target;
    };
    const std::vector<row> rows{
        {dialect::openai_chat, {"/v1", "/v1/", "/v1/chat/completions"}, "/v1/chat/completions"},
        {dialect::openai_completions, {"/v1", "/v1/completions/"}, "/v1/completions"},
        {dialect::openai_responses, {"/v1", "/v1/responses"}, "/v1/responses"},
        {dialect::openai_embeddings, {"/v1", "/v1/embeddings"}, "/v1/embeddings"},
        {dialect::anthropic_messages, {"", "/", "/v1", "/v1/", "/v1/messages"}, "/v1/messages"},
        {dialect::anthropic_messages, {"/anthropic", "/anthropic/v1"}, "/anthropic/v1/messages"},
        {dialect::gemini,
         {"", "/v1beta", "/v1beta/models/other:generateContent", "/v1beta/models/o:streamGenerateContent"},
         "/v1beta/models/m%2F1:generateContent"},
        {dialect::gemini, {"/v1"}, "/v1/models/m%2F1:generateContent"},
        {dialect::llm_engine,
         {"/api", "/api/v1", "/api/v1/llm/completions-sync", "/api/v1/llm/completions-stream"},
         "/api/v1/llm/completions-sync?model_endpoint_name=m%2F1"},
        // Any other host may have any path, and none.
        {dialect::openai_chat, {""}, "/chat/completions"},
    };
    for (const row& one : rows) {
        for (const std::string& base : one.bases) {
            CAPTURE(base);
            CHECK(target(one.spoken, "example.com", base) == one.target);
        }
    }
}

TEST_CASE("a known host's path need not be said") {
    CHECK(target(dialect::openai_chat, "api.openai.com", "") == "/v1/chat/completions");
    CHECK(target(dialect::openai_responses, "API.openai.com", "/v1") == "/v1/responses");
    CHECK(target(dialect::openai_chat, "api.groq.com", "") == "/openai/v1/chat/completions");
    CHECK(target(dialect::anthropic_messages, "api.anthropic.com", "") == "/v1/messages");
    CHECK(target(dialect::openai_chat, "generativelanguage.googleapis.com", "") ==
          "/v1beta/openai/chat/completions");
    CHECK(target(dialect::gemini, "generativelanguage.googleapis.com", "") ==
          "/v1beta/models/m%2F1:generateContent");
}

TEST_CASE("the query of a base URL is sent with every request") {
    CHECK(target(dialect::openai_chat, "h", "/v1", "a=b%20c") == "/v1/chat/completions?a=b%20c");
    CHECK(target(context_of(dialect::gemini, "h", "", "key=x"), delivery::streamed) ==
          "/v1beta/models/m%2F1:streamGenerateContent?alt=sse&key=x");
}

TEST_CASE("Azure: v1, deployments and the older API") {
    const std::string host = "mine.openai.azure.com";
    CHECK(target(dialect::openai_chat, host, "") == "/openai/v1/chat/completions");
    CHECK(target(dialect::openai_chat, host, "/openai/v1") == "/openai/v1/chat/completions");
    const std::string version = "api-version=2024-10-21";
    CHECK(target(dialect::openai_chat, host, "", version) ==
          "/openai/deployments/m%2F1/chat/completions?api-version=2024-10-21");
    CHECK(target(dialect::openai_embeddings, host, "/openai", version) ==
          "/openai/deployments/m%2F1/embeddings?api-version=2024-10-21");
    CHECK(target(dialect::openai_responses, host, "", version) == "/openai/responses?api-version=2024-10-21");
    for (const std::string base : {"/openai/deployments/d", "/openai/deployments/d/chat/completions"}) {
        CHECK(target(dialect::openai_chat, host, base, version) ==
              "/openai/deployments/d/chat/completions?api-version=2024-10-21");
    }
    // By the ending of the name only.
    CHECK(target(dialect::openai_chat, "openai.azure.com.example.com", "") == "/chat/completions");

    auto nameless = context_of(dialect::openai_chat, host, "", version);
    nameless.model.clear();
    error_code error;
    std::string problem;
    encode(completion_request("x"), nameless, error, problem);
    CHECK(error == errc::invalid_request);
    CHECK(problem == "model: a deployment at Azure is named by it");

    const auto key_field = [&](std::string key) {
        auto context = context_of(dialect::openai_chat, host, "");
        context.api_key = std::move(key);
        const field first = common_fields(context, delivery::whole).front();
        return first.name + ": " + first.value;
    };
    CHECK(key_field("0123abcd") == "api-key: 0123abcd");
    CHECK(key_field("eyJh.eyJz.c2ln") == "Authorization: Bearer eyJh.eyJz.c2ln");
}

TEST_CASE("any path of the API is below the root that the dialect's own operations have") {
    CHECK(target_of_post(context_of(dialect::openai_chat, "h", "/v1"), "embeddings") == "/v1/embeddings");
    CHECK(target_of_post(context_of(dialect::openai_chat, "h", "/v1/chat/completions", "a=b"),
                         "/images?x=1") == "/v1/images?x=1&a=b");
    CHECK(target_of_post(context_of(dialect::anthropic_messages, "h", ""), "messages/count_tokens") ==
          "/v1/messages/count_tokens");
    CHECK(target_of_post(context_of(dialect::gemini, "h", ""), "models/m:countTokens") ==
          "/v1beta/models/m:countTokens");
    const auto refused = [](std::string path) {
        return target_of_post(context_of(dialect::openai_chat, "h", "/v1"), std::move(path));
    };
    CHECK(refused("") == "path: must not be empty");
    CHECK(refused("//") == "path: must not be empty");
    CHECK(refused("a b") == "path: must be printable ASCII without blanks and #");
    CHECK(refused("a\r\nHost: x") == "path: must be printable ASCII without blanks and #");
    CHECK(refused("https://example.com/") == "path: must be below the base URL");
}

TEST_CASE("a request for any path is sent as it is written, or refused") {
    const auto context = context_of(dialect::openai_chat, "h", "/v1");
    const auto problem_of = [&](const completion_request& request, delivery how = delivery::whole) {
        error_code error;
        std::string problem;
        encode(request, context, error, problem, how);
        return problem;
    };
    const auto post = [](std::string body) { return completion_request::post("x", std::move(body)); };
    CHECK(problem_of(post("[1, 2]")).empty());
    CHECK(problem_of(post("")) == "body: is not JSON: incomplete JSON at byte 1");
    CHECK(problem_of(post("{}"), delivery::streamed) == "path: is answered in one piece");
    CHECK(problem_of(post("{}").temperature(1)) == "temperature: cannot be added to a body for a path");
    CHECK(problem_of(post("{}").set("a", "1")) == "a: cannot be added to a body for a path");
    CHECK(problem_of(post("{}").system("x")) == "system: cannot be added to a body for a path");

    error_code error;
    std::string problem;
    const auto sent = encode(post(R"({ "model": "a" })"), context, error, problem);
    CHECK(sent.body == R"({ "model": "a" })");
    const auto asked = [&](const completion_request& request) {
        asked_model model;
        encode(request, context, error, problem, delivery::whole, &model);
        return model;
    };
    const asked_model in_body = asked(post(R"({ "model": "a" })"));
    CHECK(in_body.name == "a");
    CHECK(in_body.number == asked(post("{}").model("a")).number);
    CHECK(in_body.number != asked(post("{}")).number);

    auto got = decode({200, {}, R"([{"a":1}])"}, *sent.answered_in, 0);
    CHECK_FALSE(got.error);
    CHECK(got.answer.raw == R"([{"a":1}])");
    got = decode({200, {}, R"({"id":"x","usage":{"prompt_tokens":3,"total_tokens":3},"error":null})"},
                 *sent.answered_in, 0);
    CHECK(got.answer.usage.prompt_tokens == 3);
    CHECK(got.answer.info.request_id == "x");
    CHECK(decode({200, {}, R"({"error":{"code":503,"message":"busy"}})"}, *sent.answered_in, 0).error ==
          errc::overloaded);
    CHECK(decode({429, {}, "{}"}, *sent.answered_in, 0).error == errc::rate_limited);
}

TEST_CASE("what is spoken where") {
    struct row {
        std::string url;
        dialect spoken;
    };
    const std::vector<row> rows{
        {"http://127.0.0.1:8000/v1", dialect::openai_chat},
        {"http://127.0.0.1:8000/v1/completions", dialect::openai_completions},
        {"http://127.0.0.1:8000/v1/chat/completions/?a=b", dialect::openai_chat},
        {"https://api.openai.com/v1/responses", dialect::openai_responses},
        {"https://api.openai.com/v1/embeddings", dialect::openai_embeddings},
        {"https://api.anthropic.com", dialect::anthropic_messages},
        {"https://api.anthropic.com/v1/messages", dialect::anthropic_messages},
        {"https://api.deepseek.com/anthropic", dialect::anthropic_messages},
        {"https://bedrock-mantle.us-east-1.api.aws/anthropic/v1", dialect::anthropic_messages},
        {"https://bedrock-mantle.us-east-1.api.aws/openai/v1", dialect::openai_chat},
        {"https://generativelanguage.googleapis.com", dialect::gemini},
        {"https://generativelanguage.googleapis.com/v1beta/", dialect::gemini},
        {"https://generativelanguage.googleapis.com/v1beta/openai/", dialect::openai_chat},
        {"http://proxy/v1beta/models/m:streamGenerateContent?alt=sse", dialect::gemini},
        {"http://engine/v1/llm/completions-sync", dialect::llm_engine},
        {"https://mine.openai.azure.com/?api-version=2024-10-21", dialect::openai_chat},
        {"https://api.anthropic.com.example.com", dialect::openai_chat},
        {"https://xapi.anthropic.com", dialect::openai_chat},
        {"no URL", dialect::openai_chat},
        {"", dialect::openai_chat},
    };
    for (const row& one : rows) {
        CAPTURE(one.url);
        CHECK(dialect_of_url(one.url) == one.spoken);
    }
}

TEST_CASE("OpenAI's key goes to no other provider") {
    const auto first = [](std::string_view url, dialect spoken) {
        return std::string(key_variables_for_url(url, spoken).front());
    };
    CHECK(first("https://api.openai.com/v1", dialect::openai_chat) == "OPENAI_API_KEY");
    CHECK(first("http://127.0.0.1:8000/v1", dialect::openai_chat) == "OPENAI_API_KEY");
    CHECK(first("http://127.0.0.1:8000/v1", dialect::anthropic_messages) == "ANTHROPIC_API_KEY");
    CHECK(first("http://127.0.0.1:8000/v1", dialect::llm_engine) == "SCALE_API_KEY");
    const std::vector<std::string> others{
        "https://api.anthropic.com",     "https://generativelanguage.googleapis.com/v1beta/openai",
        "https://MINE.openai.azure.com", "https://api.groq.com/openai/v1",
        "https://api.mistral.ai/v1",     "https://openrouter.ai/api/v1",
        "https://api.deepseek.com.",     "https://api.together.xyz/v1"};
    for (const std::string& url : others) {
        for (const auto& known : registered_dialects()) {
            for (const std::string_view variable : key_variables_for_url(url, known.value))
                CHECK(variable != "OPENAI_API_KEY");
        }
    }
    CHECK(first("https://mine.openai.azure.com", dialect::openai_chat) == "AZURE_OPENAI_API_KEY");
    const auto google = key_variables_for_url("https://generativelanguage.googleapis.com", dialect::gemini);
    CHECK(std::vector<std::string_view>(google.begin(), google.end()) ==
          std::vector<std::string_view>{"GEMINI_API_KEY", "GOOGLE_API_KEY"});
}
