#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scenario/scenario_file.hpp"
#include "stagger/completion_stream.hpp"
#include "support/completing.hpp"
#include "throttled_server/server.hpp"

// Every dialect of the client against the throttled server, which speaks it from the other side.
using namespace stagger;
using namespace stagger::test;

namespace {

struct api {
    dialect spoken;
    const char* root;  ///< of its base URL
    bool chats;        ///< has images, tools and schemas
    bool streams;
};

const std::vector<api> every_api{
    {dialect::openai_chat, "/v1", true, true},      {dialect::openai_completions, "/v1", false, true},
    {dialect::openai_responses, "/v1", true, true}, {dialect::openai_embeddings, "/v1", false, false},
    {dialect::anthropic_messages, "", true, true},  {dialect::gemini, "", true, true},
    {dialect::llm_engine, "", false, true},
};

/// Nothing is admitted: whatever asks is refused.
std::string closed(unsigned status, const std::string& told = "status", const std::string& more = "") {
    return R"("refusals": {"closures": [{"to_s": 100000, "status": )" + std::to_string(status) + more +
           R"(}]}, "answers": {"refusals": ")" + told + "\"}";
}
std::string failing(const std::string& told) {
    return R"("faults": {"error_rate": 1}, "answers": {"faults": ")" + told + "\"}";
}

/// A server, and a client that speaks to it, on one context.
class conversation {
 public:
    conversation(const api& which, const std::string& members)
        : server_(context_.get_executor(),
                  wire::parse_scenario(
                      R"({"name": "t", "provider": {"limits": [], "latency": {"mean_s": 0}, "rtt_s": 0)" +
                          (members.empty() ? "" : ", " + members) + "}}",
                      wire::clients_member::optional)),
          llm_(context_.get_executor(),
               impatient_options_for("http://127.0.0.1:" + std::to_string(server_.port()) + which.root)
                   .dialect(which.spoken)
                   .retry(retry_policy().max_attempts(1))) {}

    outcome ask(completion_request request) { return complete(context_, llm_, std::move(request)); }

    /// The same as a stream; `text` is what its pieces had.
    outcome stream(completion_request request, std::string& text) {
        std::optional<completion_stream> opened;
        std::optional<outcome> ended;
        std::function<void()> next = [&] {
            opened->async_next([&](error_code error, const std::optional<completion_delta>& delta) {
                if (delta) {
                    text += delta->text;
                    return next();
                }
                ended.emplace(outcome{error, opened->result()});
            });
        };
        llm_.async_stream(std::move(request), [&](error_code error, completion_stream begun) {
            opened.emplace(std::move(begun));
            if (!error) return next();
            ended.emplace(outcome{error, opened->result()});
        });
        context_.restart();
        while (!ended && context_.run_one() != 0) continue;
        return ended.value();
    }

 private:
    boost::asio::io_context context_;
    server::server server_;
    client llm_;
};

void for_every_api(const std::string& members, const std::function<void(const api&, conversation&)>& what) {
    for (const api& each : every_api) {
        CAPTURE(to_string(each.spoken));
        conversation with(each, members);
        what(each, with);
    }
}

bool has_quota_names(dialect spoken) {
    return spoken != dialect::llm_engine;
}

}  // namespace

TEST_CASE("every API: an answer whole and as a stream, with its usage, part of it from a cache") {
    for_every_api(R"("answers": {"cached_tokens": 2})", [](const api& which, conversation& with) {
        const outcome got = with.ask(completion_request("hello there"));
        CHECK(got.error == error_code());
        if (which.spoken == dialect::openai_embeddings) {
            CHECK(boost::json::parse(got.result.text).as_array().size() == 8);
            CHECK(got.result.usage.prompt_tokens == 3);
            return;
        }
        CHECK(got.result.text == "answer to: hello there");
        CHECK(got.result.usage.prompt_tokens == 3);
        CHECK(got.result.usage.completion_tokens == 6);
        const bool tells_cache = which.spoken != dialect::llm_engine;
        if (tells_cache) CHECK(got.result.usage.cached_tokens == 2);
        std::string text;
        const outcome streamed = with.stream(completion_request("hello there"), text);
        CHECK(streamed.error == error_code());
        CHECK(text == "answer to: hello there");
        CHECK(streamed.result.text == text);
        CHECK(streamed.result.usage.completion_tokens == 6);
        CHECK(streamed.result.finish_reason == got.result.finish_reason);
    });
}

TEST_CASE("every API that chats: system text, images, schemas, and a call of a tool") {
    for_every_api("", [](const api& which, conversation& with) {
        if (!which.chats) return;
        completion_request rich("say exactly: {\"a\":1}");
        rich.system("be brief").image("image/png", "png").max_new_tokens(30).temperature(0.5);
        rich.json_schema("a", R"({"type":"object","properties":{"a":{"type":"number"}},"required":["a"],)"
                              R"("additionalProperties":false})");
        CHECK(with.ask(std::move(rich)).result.text == R"({"a":1})");

        const auto asks = [] {
            completion_request request(R"(call: weather {"city":"Paris"})");
            request.tool("weather", "tells it",
                         R"({"type":"object","properties":{"city":{"type":"string"}}})");
            return request;
        };
        const auto check = [](const outcome& got) {
            CHECK(got.error == error_code());
            REQUIRE(got.result.tool_calls.size() == 1);
            CHECK(got.result.tool_calls[0].name == "weather");
            CHECK(boost::json::parse(got.result.tool_calls[0].arguments) ==
                  boost::json::parse(R"({"city":"Paris"})"));
            CHECK(got.result.text.empty());
        };
        check(with.ask(asks()));
        std::string text;
        check(with.stream(asks(), text));
    });
}

TEST_CASE("every API: a refusal, with the wait that it tells") {
    for_every_api(closed(429), [](const api& which, conversation& with) {
        const outcome got = with.ask(completion_request("a"));
        CHECK(got.error == errc::rate_limited);
        CHECK(got.result.info.http_status == 429);
        std::string text;
        if (which.streams) CHECK(with.stream(completion_request("a"), text).error == errc::rate_limited);
    });
}

TEST_CASE("every API: overload, by its status and inside a 200") {
    for_every_api(closed(503), [](const api&, conversation& with) {
        CHECK(with.ask(completion_request("a")).error == errc::overloaded);
    });
    for_every_api(closed(503, "inside_answer"), [](const api& which, conversation& with) {
        // Its error has a text alone.
        if (which.spoken == dialect::llm_engine) return;
        const outcome got = with.ask(completion_request("a"));
        CHECK(got.error == condition::throttled);
        CHECK(got.result.info.http_status == 200);
        std::string text;
        if (which.streams) CHECK(with.stream(completion_request("a"), text).error == condition::throttled);
    });
    for_every_api(closed(429, "inside_answer"), [](const api& which, conversation& with) {
        if (which.spoken == dialect::llm_engine) return;
        CHECK(with.ask(completion_request("a")).error == errc::rate_limited);
    });
}

TEST_CASE("every API: a quota that is used up") {
    for_every_api(
        closed(429, "quota", R"(, "retry_after": "exact")"), [](const api& which, conversation& with) {
            const outcome got = with.ask(completion_request("a"));
            if (!has_quota_names(which.spoken)) {
                CHECK(got.error == errc::rate_limited);
                return;
            }
            // Where the API counts by the day or the month, it is known when it opens.
            const bool opens = which.spoken == dialect::anthropic_messages || which.spoken == dialect::gemini;
            CHECK(got.error == (opens ? errc::rate_limited : errc::quota_exhausted));
        });
}

TEST_CASE("every API: a fault, by its status and inside a 200") {
    for_every_api(failing("status"), [](const api&, conversation& with) {
        CHECK(with.ask(completion_request("a")).error == errc::server_error);
    });
    for_every_api(failing("inside_answer"), [](const api&, conversation& with) {
        const outcome got = with.ask(completion_request("a"));
        CHECK(got.error != error_code());
        CHECK(got.result.info.http_status == 200);
    });
}

TEST_CASE("every API: a page in the place of an answer") {
    for_every_api(failing("malformed"), [](const api& which, conversation& with) {
        CHECK(with.ask(completion_request("a")).error == errc::unreadable_answer);
        std::string text;
        if (which.streams) CHECK(with.stream(completion_request("a"), text).error == errc::unreadable_answer);
    });
}

TEST_CASE("every API: a connection that breaks inside the answer") {
    for_every_api(failing("cut"), [](const api& which, conversation& with) {
        CHECK(with.ask(completion_request("a")).error == errc::answer_truncated);
        std::string text;
        if (which.streams) CHECK(with.stream(completion_request("a"), text).error == condition::retryable);
    });
}

TEST_CASE("every API: a request that lacks what it must have is told so, in its own shape") {
    for_every_api("", [](const api&, conversation& with) {
        const outcome got = with.ask(completion_request::from_body("{}"));
        CHECK(got.error == errc::bad_request);
        CHECK(got.result.info.message.find("HTTP 400") == std::string::npos);
    });
}
