#include <doctest/doctest.h>

#include "gateway/access_rules.hpp"
#include "gateway/asked_call.hpp"
#include "gateway/destination.hpp"
#include "gateway/error_text.hpp"
#include "gateway/event_boundary.hpp"
#include "gateway/outlook.hpp"
#include "gateway/service_times.hpp"

using namespace stagger;
using namespace stagger::gateway;
using namespace std::chrono_literals;

TEST_CASE("paths of the API go upstream, whatever stands before them") {
    const auto target = [](std::string_view path) {
        return find_destination("POST", path, false, "/base/v9").target;
    };
    CHECK(target("/v1/chat/completions?a=b") == "/base/v9/chat/completions?a=b");
    CHECK(target("/openai/v1/responses") == "/base/v9/responses");
    CHECK(target("/anthropic/v1/messages") == "/base/v9/messages");
    CHECK(target("/chat/completions") == "/base/v9/chat/completions");
    CHECK(target("/v1/whatever/comes") == "/base/v9/whatever/comes");
    for (const auto* path : {"/", "/favicon.ico", "/v1", "/v12/chat", "/v2/chat/completions", "/v1/../admin",
                             "/v1/%2e%2e/admin", "http://other/v1/models", "*"}) {
        CAPTURE(path);
        CHECK(find_destination("POST", path, false, "").how == passage::not_found);
    }
}

TEST_CASE("a POST waits in line, GET and DELETE do not, and nothing else is served") {
    const auto how = [](std::string_view method, bool upgrade = false) {
        return find_destination(method, "/v1/x", upgrade, "").how;
    };
    CHECK(how("POST") == passage::in_line);
    CHECK(how("GET") == passage::at_once);
    CHECK(how("DELETE") == passage::at_once);
    CHECK(how("HEAD") == passage::wrong_method);
    CHECK(how("OPTIONS") == passage::wrong_method);
    CHECK(how("GET", true) == passage::upgrade);
}

TEST_CASE("errors have the shape that the path's clients read") {
    CHECK(find_destination("POST", "/v1/messages", false, "").shape == api_shape::anthropic);
    CHECK(find_destination("POST", "/v1/chat/completions", false, "").shape == api_shape::openai);
    CHECK(error_json(api_shape::openai, 429, "a \"b\"") ==
          R"({"error":{"message":"a \"b\"","type":"requests","param":null,"code":"rate_limit_exceeded"}})");
    CHECK(error_json(api_shape::anthropic, 529, "x") ==
          R"({"type":"error","error":{"type":"overloaded_error","message":"x"}})");
    CHECK(error_event(api_shape::openai, "{}") == "data: {}\n\n");
    CHECK(error_event(api_shape::anthropic, "{}") == "event: error\ndata: {}\n\n");
}

TEST_CASE("only this machine's names are answered, and no foreign page") {
    const access_rules rules{{"gate.example"}, {"https://app.example"}};
    for (const auto* host :
         {"localhost", "LOCALHOST:8484", "127.0.0.1:1", "127.8.8.8", "[::1]:8484", "gate.example:80"})
        CHECK(refused_by(rules, host, "") == 0);
    for (const auto* host :
         {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "127.1", "[::2]"})
        CHECK(refused_by(rules, host, "") == 403);
    CHECK(refused_by(rules, "", "") == 400);
    CHECK(refused_by(rules, "localhost", "https://app.example") == 0);
    CHECK(refused_by(rules, "localhost", "https://evil.example") == 403);
    CHECK(refused_by(rules, "localhost", "null") == 403);
}

TEST_CASE("what decides how a call waits is read from its body") {
    http_server::request from;
    from.body =
        R"({"a":{"model":"no","stream":true},"model":"gpt\u002d5","stream":true,"service_tier":"flex"})";
    CHECK(read_asked(from).model == "gpt-5");
    CHECK(read_asked(from).streamed);
    CHECK(read_asked(from).service_tier == "flex");
    from.fields = {{"Content-Encoding", "zstd"}};
    CHECK(read_asked(from).model == "");
    from.fields.clear();
    for (const auto* body : {"", "[]", "{\"stream\":true", "{\"stream\":\"true\",\"model\":7}", "text"}) {
        from.body = body;
        CHECK(read_asked(from).model == "");
        CHECK_FALSE(read_asked(from).streamed);
    }
}

TEST_CASE("the wait ahead is the line by the pace, behind what is closed") {
    coordinator_status status;
    status.pace_per_s = 20;
    const time_point now(50s);
    outlook seen = look_ahead(240, status, now);
    CHECK(seen.wait == 12s);
    CHECK(to_text(seen) == "240 ahead, about 12 s");
    status.opens_at = now + 30s;
    CHECK(look_ahead(240, status, now).wait == 42s);
    status.pace_per_s = 0;
    CHECK(look_ahead(240, status, now).wait == 30s);
    status.opens_at.reset();
    CHECK(look_ahead(1, status, now).wait == std::nullopt);
    CHECK(to_text(look_ahead(1, status, now)) == "1 ahead");
}

TEST_CASE("who is sent away is asked back in 1 to 59 seconds, by position") {
    outlook seen;
    CHECK(seconds_to_return(seen, 1s) == 1);
    seen.wait = 130s;
    CHECK(seconds_to_return(seen, 100s) == 30);
    CHECK(seconds_to_return(seen, 100500ms) == 30);
    CHECK(seconds_to_return(seen, 200s) == 1);
    CHECK(seconds_to_return(seen, 1s) == 59);
    CHECK_FALSE(is_hopeless(seen, 1s));
    seen.wait = 1h;
    CHECK(is_hopeless(seen, 1s));
}

TEST_CASE("nine of ten answers took no longer") {
    service_times times;
    CHECK(times.p90() == 0s);
    times.add(5s);
    CHECK(times.p90() == 5s);
    for (int i = 1; i <= 100; ++i) times.add(std::chrono::seconds(i));
    CHECK(times.p90() == 90s);
    for (int i = 0; i < 100; ++i) times.add(2s);
    CHECK(times.p90() == 2s);
}

TEST_CASE("a comment has a place between two events only, however they are cut") {
    event_boundary between;
    CHECK(between.is_between());
    between.pass("data: a\n");
    CHECK_FALSE(between.is_between());
    between.pass("\n");
    CHECK(between.is_between());
    between.pass("data: b\r\n\r");
    CHECK_FALSE(between.is_between());
    between.pass("\n");
    CHECK(between.is_between());
    between.pass("d");
    CHECK_FALSE(between.is_between());
}
