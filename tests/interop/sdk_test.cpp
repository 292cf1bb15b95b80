#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "cli/servers.hpp"
#include "interop/other_servers.hpp"

// The official clients of three providers, against the throttled server.
namespace {

namespace json = boost::json;

const std::string wide = R"([{"kind":"token_bucket","rate_per_s":1000,"burst":1000}])";
const std::string quick = R"({"kind":"constant","mean_s":0.001})";

/// What the clients made of a server, by question.
json::value asked(const throttled_server& server) {
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port_number());
    const auto got = run(node({INTEROP_FOLDER "/sdk_clients.cjs", NPM_SERVERS, url}));
    CAPTURE(got.err);
    REQUIRE(got.code == 0);
    return json::parse(got.out);
}

json::value parsed(const char* text) {
    return json::parse(text);
}

}  // namespace

TEST_CASE("official clients: answers, streams, calls and embeddings") {
    if (!npm_servers_installed()) return;
    const throttled_server server(wide, quick);
    const json::value got = asked(server);
    CAPTURE(json::serialize(got));
    CHECK(got.at("chat") == parsed(R"(["answer to: hello", "stop", 6])"));
    CHECK(got.at("chat_stream") == "answer to: hello");
    CHECK(got.at("chat_tool") == parsed(R"({"name": "weather", "arguments": "{\"city\":\"Paris\"}"})"));
    CHECK(got.at("chat_tool_stream") == R"({"city":"Paris"})");
    CHECK(got.at("completions") == "answer to: hello");
    CHECK(got.at("responses") == parsed(R"(["answer to: hello", "completed", 6])"));
    CHECK(got.at("responses_stream") == "answer to: hello");
    CHECK(got.at("responses_tool") == R"({"city":"Paris"})");
    CHECK(got.at("embeddings") == parsed("[2, 8, true]"));
    CHECK(got.at("messages") == parsed(R"(["answer to: hello", "end_turn", 4])"));
    CHECK(got.at("messages_stream") == parsed(R"(["answer to: hello", "end_turn"])"));
    CHECK(got.at("messages_tool_stream") == parsed(R"({"city": "Paris"})"));
    CHECK(got.at("gemini") == parsed(R"(["answer to: hello", "STOP", 6])"));
    CHECK(got.at("gemini_stream") == "answer to: hello");
    CHECK(got.at("gemini_tool") == parsed(R"({"city": "Paris"})"));
}

TEST_CASE("official clients: refusals are their own errors of a rate limit") {
    if (!npm_servers_installed()) return;
    const throttled_server server(wide, quick + R"(,"refusals":{"closures":[{"to_s":100000,"status":429}]})");
    const json::value got = asked(server);
    CAPTURE(json::serialize(got));
    for (const char* name : {"chat", "chat_stream", "completions", "responses", "embeddings"}) {
        CAPTURE(name);
        CHECK(got.at(name).at("error") == "RateLimitError");
        CHECK(got.at(name).at("code") == "rate_limit_exceeded");
    }
    for (const char* name : {"messages", "messages_stream"}) {
        CHECK(got.at(name).at("error") == "RateLimitError");
        CHECK(got.at(name).at("type") == "rate_limit_error");
    }
    for (const char* name : {"gemini", "gemini_stream"}) {
        CHECK(got.at(name).at("error") == "ApiError");
        CHECK(got.at(name).at("status") == 429);
    }
}

TEST_CASE("official clients: a quota that is used up has the provider's code") {
    if (!npm_servers_installed()) return;
    const throttled_server server(wide, quick + R"(,"refusals":{"closures":[{"to_s":100000,"status":429}]},)"
                                                R"("answers":{"refusals":"quota"})");
    const json::value got = asked(server);
    CAPTURE(json::serialize(got));
    CHECK(got.at("chat").at("code") == "credit_balance_exhausted");
    CHECK(got.at("responses").at("code") == "credit_balance_exhausted");
    CHECK(got.at("messages").at("error") == "EnforcedSpendLimitReachedError");
    CHECK(got.at("gemini").at("status") == 429);
}

TEST_CASE("official clients: overload inside a stream ends it with their error") {
    if (!npm_servers_installed()) return;
    const throttled_server server(wide, quick + R"(,"refusals":{"closures":[{"to_s":100000,"status":503}]},)"
                                                R"("answers":{"refusals":"inside_answer"})");
    const json::value got = asked(server);
    CAPTURE(json::serialize(got));
    CHECK(got.at("chat_stream").at("error") == "APIError");
    CHECK(got.at("responses_stream").is_object());
    CHECK(got.at("messages_stream").at("error") == "APIError");
    CHECK(got.at("messages_stream").at("type") == "overloaded_error");
}
