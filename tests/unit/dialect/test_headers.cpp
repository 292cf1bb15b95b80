#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/date.hpp"
#include "base/decimal.hpp"
#include "dialect/rate_limit_field.hpp"
#include "dialect/rate_limit_headers.hpp"
#include "dialect/retry_after.hpp"

using namespace stagger::wire;
using namespace std::chrono_literals;
using stagger::duration;

namespace {

constexpr double november_1994 = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110

std::optional<duration> retry_after(std::string_view value) {
    return parse_retry_after(value, november_1994);
}

stagger::hints hints_of(std::vector<field> fields, double now = november_1994) {
    return read_hints(fields, now);
}

}  // namespace

TEST_CASE("Retry-After: every honest form, and nothing else") {
    struct row {
        std::string_view value;
        std::optional<duration> expected;
    };
    const row rows[] = {
        {"1", 1s},
        {"0", 0s},
        {" 120 ", 120s},
        {"1.5", 1500ms},
        {"0.25", 250ms},
        {"007", 7s},
        {"Sun, 06 Nov 1994 08:49:47 GMT", 10s},
        {"Sunday, 06-Nov-94 08:49:47 GMT", 10s},
        {"Sun Nov  6 08:49:47 1994", 10s},
        {"Sun, 06 Nov 1994 08:00:00 GMT", 0s},  // in the past
        {"Sun, 06 Nov 2094 08:49:37 GMT", 31 * 24h},
        {"86401", 86401s},
        {"2678400", 31 * 24h},
        {"2678401", 31 * 24h},
        {"99999999999999999999999999", 31 * 24h},
        {std::string_view("1").substr(1), std::nullopt},
        {" ", std::nullopt},
        {"-1", std::nullopt},
        {"+1", std::nullopt},
        {"-0", std::nullopt},
        {"1e3", std::nullopt},
        {"0x10", std::nullopt},
        {"nan", std::nullopt},
        {"NaN", std::nullopt},
        {"inf", std::nullopt},
        {"Infinity", std::nullopt},
        {"1,5", std::nullopt},
        {"1.5.2", std::nullopt},
        {".5", std::nullopt},
        {"1 2", std::nullopt},
        {"1s", std::nullopt},
        {"soon", std::nullopt},
        {"null", std::nullopt},
        {"Sun, 31 Feb 1994 08:49:37 GMT", std::nullopt},
        {"Sun, 06 Nov 1994 24:00:00 GMT", std::nullopt},
        {"Sun, 06 Nov 1994 08:49:37 CET", std::nullopt},
        {"Sun, 06 Nov 1994 08:49:37", std::nullopt},
        {"Sun, 06 Foo 1994 08:49:37 GMT", std::nullopt},
        {"1994-11-06T08:49:47Z", std::nullopt},
        {"a b c d e f g h i", std::nullopt},
    };
    for (const auto& [value, expected] : rows) {
        const auto shown = value;  // clang 14 captures no structured bindings
        CAPTURE(shown);
        CHECK(retry_after(value) == expected);
    }
    // Beyond what a double holds it is no number.
    CHECK_FALSE(retry_after(std::string(100000, '9')));
    CHECK(retry_after("0." + std::string(300, '0') + '1') == 0s);
    CHECK_FALSE(retry_after("1\xFF"));
}

TEST_CASE("retry-after-ms counts milliseconds") {
    CHECK(parse_retry_after_ms("250") == 250ms);
    CHECK(parse_retry_after_ms("0.5") == 500us);
    CHECK(parse_retry_after_ms("1e3") == std::nullopt);
    CHECK(parse_retry_after_ms("99999999999999999") == 31 * 24h);
    // It is the finer one of the two; a broken one leaves the other to be used.
    CHECK(hints_of({{"Retry-After", "1"}, {"retry-after-ms", "420"}}).retry_after == 420ms);
    CHECK(hints_of({{"retry-after-ms", "x"}, {"RETRY-AFTER", "1"}}).retry_after == 1s);
    CHECK(hints_of({{"Retry-After", "1"}, {"Retry-After", "3"}, {"Retry-After", "?"}}).retry_after == 3s);
    CHECK_FALSE(hints_of({{"Retry-After", "-3"}}).retry_after);
    CHECK_FALSE(hints_of({}).retry_after);
}

TEST_CASE("dates") {
    CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == november_1994);
    CHECK(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
    CHECK(parse_http_date("Tue, 29 Feb 2000 23:59:60 UTC") == 951868800);
    CHECK(parse_http_date("Sunday, 06-Nov-69 08:49:37 GMT") ==
          parse_http_date("Sun, 06 Nov 2069 08:49:37 GMT"));
    CHECK(parse_rfc3339("1994-11-06T08:49:37Z") == november_1994);
    CHECK(parse_rfc3339("1994-11-06T08:49:37.25z") == november_1994 + 0.25);
    CHECK(parse_rfc3339("1994-11-06T09:49:37+01:00") == november_1994);
    CHECK(parse_rfc3339("1994-11-06 03:19:37-05:30") == november_1994);
    for (const auto* wrong :
         {"", "1994-11-06", "1994-11-06T08:49:37", "1994-13-06T08:49:37Z", "1994-11-31T08:49:37Z",
          "1994-11-06T08:49:37+1:00", "1994-11-06T08:49:37+99:00", "1994-11-06T08:60:37Z",
          "1994x11-06T08:49:37Z", "1994-11-06T08:49:nanZ", "1994-11-06T08:49:37ZZ"}) {
        CHECK_MESSAGE(!parse_rfc3339(wrong), wrong);
    }
}

TEST_CASE("spans as Go writes them") {
    CHECK(parse_span_s("1s") == 1.0);
    CHECK(parse_span_s("6m0s") == 360.0);
    CHECK(parse_span_s("20ms") == 20 * 1e-3);
    CHECK(parse_span_s("1h2m3.5s") == 3723.5);
    CHECK(parse_span_s("2d") == 172800.0);
    CHECK(parse_span_s("150us") == 150 * 1e-6);
    CHECK(parse_span_s("150\xC2\xB5s") == 150 * 1e-6);
    CHECK(parse_span_s(" 7.5 ") == 7.5);
    for (const auto* wrong : {"", "s", "1x", "1s2", "-1s", "1 s", "m5", "1ms1e5s", "nan", "1sms"}) {
        CHECK_MESSAGE(!parse_span_s(wrong), wrong);
    }
}

TEST_CASE("OpenAI's headers") {
    const auto said = hints_of({{"X-RateLimit-Limit-Requests", "60"},
                                {"x-ratelimit-remaining-requests", "59"},
                                {"x-ratelimit-reset-requests", "1s"},
                                {"x-ratelimit-limit-tokens", "150000"},
                                {"x-ratelimit-remaining-tokens", "149984"},
                                {"x-ratelimit-reset-tokens", "6m0s"},
                                {"content-type", "application/json"}});
    CHECK(said.requests.limit == 60);
    CHECK(said.requests.remaining == 59);
    CHECK(said.requests.reset == 1s);
    CHECK(said.tokens.limit == 150000);
    CHECK(said.tokens.remaining == 149984);
    CHECK(said.tokens.reset == 6min);
    CHECK_FALSE(said.retry_after);
    CHECK(hints_of({{"x-ratelimit-remaining-requests", "1"}, {"x-ratelimit-reset-requests", "20ms"}})
              .requests.reset == 20ms);
}

TEST_CASE("express-rate-limit's four styles") {
    SUBCASE("draft 6") {
        const auto said = hints_of({{"RateLimit-Policy", "20;w=2"},
                                    {"RateLimit-Limit", "20"},
                                    {"RateLimit-Remaining", "0"},
                                    {"RateLimit-Reset", "2"},
                                    {"Retry-After", "2"}});
        CHECK(said.requests.limit == 20);
        CHECK(said.requests.remaining == 0);
        CHECK(said.requests.reset == 2s);
        CHECK(said.retry_after == 2s);
    }
    SUBCASE("draft 7") {
        const auto said =
            hints_of({{"RateLimit-Policy", "20;w=2"}, {"RateLimit", "limit=20, remaining=19, reset=2"}});
        CHECK(said.requests.limit == 20);
        CHECK(said.requests.remaining == 19);
        CHECK(said.requests.reset == 2s);
    }
    SUBCASE("draft 8") {
        const auto said = hints_of({{"RateLimit-Policy", "\"prompts\"; q=20; w=2; pk=:OWE3YjE=:"},
                                    {"RateLimit", "\"prompts\"; r=19; t=2"}});
        CHECK(said.requests.limit == 20);
        CHECK(said.requests.remaining == 19);
        CHECK(said.requests.reset == 2s);
        CHECK_FALSE(said.tokens.remaining);
    }
    SUBCASE("the older headers, whose reset is a unix time") {
        const auto said = hints_of({{"X-RateLimit-Limit", "20"},
                                    {"X-RateLimit-Remaining", "3"},
                                    {"X-RateLimit-Reset", "1700000002"}},
                                   1700000000.5);
        CHECK(said.requests.limit == 20);
        CHECK(said.requests.remaining == 3);
        CHECK(said.requests.reset == 1500ms);
    }
}

TEST_CASE("several quotas: the tightest one of each dimension") {
    const auto said = hints_of(
        {{"RateLimit-Policy", "\"burst\";q=10;w=1, \"daily\";q=1000;w=86400"},
         {"RateLimit-Policy", "\"tokens-per-minute\";q=9000;w=60, \"bytes\";q=5;w=1;qu=\"content-bytes\""},
         {"RateLimit", "\"daily\";r=17;t=3600, \"burst\";r=9;t=1"},
         {"RateLimit", "\"tokens-per-minute\";r=4000;t=30, \"bytes\";r=0;t=1"}});
    CHECK(said.requests.limit == 10);
    CHECK(said.requests.remaining == 9);
    CHECK(said.requests.reset == 1s);
    CHECK(said.tokens.limit == 9000);
    CHECK(said.tokens.remaining == 4000);
    CHECK(said.tokens.reset == 30s);
    // A comma or a semicolon inside a name does not end it.
    CHECK(hints_of({{"RateLimit", "\"a,b;r=1\\\";r=7;t=2"}}).requests.remaining == std::nullopt);
    CHECK(hints_of({{"RateLimit", "\"a,b;r=1\";r=7;t=2"}}).requests.remaining == 7);
    CHECK(hints_of({{"RateLimit", "default;r=50;t=30"}}).requests.remaining == 50);
}

TEST_CASE("Anthropic's headers") {
    const auto said = hints_of({{"anthropic-ratelimit-requests-limit", "50"},
                                {"anthropic-ratelimit-requests-remaining", "49"},
                                {"anthropic-ratelimit-requests-reset", "1994-11-06T08:49:40Z"},
                                {"anthropic-ratelimit-tokens-limit", "40000"},
                                {"anthropic-ratelimit-tokens-remaining", "39000"},
                                {"anthropic-ratelimit-tokens-reset", "1994-11-06T08:50:37Z"},
                                {"anthropic-ratelimit-input-tokens-remaining", "1"}});
    CHECK(said.requests.limit == 50);
    CHECK(said.requests.remaining == 49);
    CHECK(said.requests.reset == 3s);
    CHECK(said.tokens.limit == 40000);
    CHECK(said.tokens.remaining == 39000);
    CHECK(said.tokens.reset == 1min);
    const auto input_only = hints_of({{"anthropic-ratelimit-input-tokens-limit", "30000"},
                                      {"anthropic-ratelimit-input-tokens-remaining", "1000"}});
    CHECK(input_only.tokens.remaining == 1000);
}

TEST_CASE("input and output tokens apart: the one of which less is left, as a share where limits are told") {
    const std::vector<field> input{{"anthropic-ratelimit-input-tokens-limit", "30000"},
                                   {"anthropic-ratelimit-input-tokens-remaining", "6000"},
                                   {"anthropic-ratelimit-input-tokens-reset", "1994-11-06T08:49:40Z"}};
    const std::vector<field> output{{"anthropic-ratelimit-output-tokens-limit", "8000"},
                                    {"anthropic-ratelimit-output-tokens-remaining", "5000"},
                                    {"anthropic-ratelimit-output-tokens-reset", "1994-11-06T08:49:47Z"}};
    CHECK(hints_of(output).tokens.remaining == 5000);
    std::vector<field> both = input;
    both.insert(both.end(), output.begin(), output.end());
    // A fifth of 30000 is less than five eighths of 8000.
    CHECK(hints_of(both).tokens.limit == 30000);
    CHECK(hints_of(both).tokens.reset == 3s);
    both[4].value = "1000";
    CHECK(hints_of(both).tokens.limit == 8000);
    CHECK(hints_of(both).tokens.reset == 10s);
    CHECK(hints_of({{"anthropic-ratelimit-input-tokens-remaining", "7"},
                    {"anthropic-ratelimit-output-tokens-remaining", "5"}})
              .tokens.remaining == 5);
}

TEST_CASE("OpenAI's limit of a project holds beside the organization's") {
    const auto with_project = [](std::string remaining) {
        return hints_of({{"x-ratelimit-limit-tokens", "100000"},
                         {"x-ratelimit-remaining-tokens", "50000"},
                         {"x-ratelimit-reset-tokens", "6m0s"},
                         {"x-ratelimit-limit-project-tokens", "1000"},
                         {"x-ratelimit-remaining-project-tokens", std::move(remaining)},
                         {"x-ratelimit-reset-project-tokens", "20ms"}})
            .tokens;
    };
    CHECK(with_project("900").limit == 100000);
    CHECK(with_project("900").reset == 6min);
    CHECK(with_project("100").limit == 1000);
    CHECK(with_project("100").reset == 20ms);
    CHECK(hints_of({{"x-ratelimit-remaining-project-tokens", "3"}}).tokens.remaining == 3);
}

TEST_CASE("Mistral's and Together's headers, and AWS's milliseconds") {
    const auto mistral = hints_of({{"x-ratelimit-limit-req-minute", "60"},
                                   {"x-ratelimit-remaining-req-minute", "59"},
                                   {"x-ratelimit-limit-tokens-minute", "500000"},
                                   {"x-ratelimit-remaining-tokens-minute", "499000"}});
    CHECK(mistral.requests.limit == 60);
    CHECK(mistral.requests.remaining == 59);
    CHECK(mistral.tokens.limit == 500000);
    CHECK(mistral.tokens.remaining == 499000);
    const auto together = hints_of({{"x-ratelimit-limit", "10"},
                                    {"x-ratelimit-remaining", "9"},
                                    {"x-ratelimit-reset", "1"},
                                    {"x-tokenlimit-limit", "3000"},
                                    {"x-tokenlimit-remaining", "2990"}});
    CHECK(together.requests.remaining == 9);
    CHECK(together.tokens.limit == 3000);
    CHECK(together.tokens.remaining == 2990);
    CHECK(hints_of({{"x-amz-retry-after", "1500"}}).retry_after == 1500ms);
    CHECK(may_carry_hints({{"X-TokenLimit-Limit", "1"}}));
    CHECK(may_carry_hints({{"x-amz-retry-after", "1"}}));
    // What is beyond the priority tier is served all the same.
    CHECK_FALSE(hints_of({{"anthropic-priority-input-tokens-remaining", "0"}}).tokens.remaining);
}

TEST_CASE("the more specific family is used for the whole dimension") {
    const auto said = hints_of({{"X-RateLimit-Remaining", "5"},
                                {"X-RateLimit-Reset", "9"},
                                {"x-ratelimit-remaining-requests", "7"}});
    CHECK(said.requests.remaining == 7);
    CHECK_FALSE(said.requests.reset);
}

TEST_CASE("resets in every unit") {
    const auto reset = [](std::string value) {
        return hints_of({{"x-ratelimit-remaining", "1"}, {"x-ratelimit-reset", std::move(value)}})
            .requests.reset;
    };
    CHECK(reset("30") == 30s);
    CHECK(reset("784111787") == std::nullopt);  // a span of 25 years
    CHECK(hints_of({{"x-ratelimit-remaining", "1"}, {"x-ratelimit-reset", "1700000001500"}}, 1.7e9)
              .requests.reset == 1500ms);
    CHECK(hints_of({{"x-ratelimit-remaining", "1"}, {"x-ratelimit-reset", "1699999999"}}, 1.7e9)
              .requests.reset == 0s);
    CHECK(reset("Sun, 06 Nov 1994 08:49:47 GMT") == 10s);
    CHECK(reset("-5") == std::nullopt);
    CHECK(reset("1e300") == std::nullopt);
    CHECK(reset(std::string(400, '9')) == std::nullopt);
}

TEST_CASE("absurd counts are left out") {
    for (const auto* wrong : {"-1", "nan", "inf", "1e9", "9007199254740993", "unlimited", "", "0x5", "5 5"}) {
        const auto said = hints_of({{"x-ratelimit-remaining-requests", wrong},
                                    {"RateLimit-Limit", wrong},
                                    {"RateLimit", std::string("limit=") + wrong + ", remaining=" + wrong}});
        CHECK_MESSAGE(!said.requests.remaining, wrong);
        CHECK_MESSAGE(!said.requests.limit, wrong);
    }
    for (const auto* garbage :
         {"", ",", ";;;", "\"", "\"\\", "=", "r=", "limit", "limit=", ";r", "\"a\";r;t", "a;;r=1;"}) {
        const auto said = hints_of({{"RateLimit", garbage}, {"RateLimit-Policy", garbage}});
        CHECK_MESSAGE(said.requests.remaining.value_or(1) == 1, garbage);
    }
    const auto many =
        hints_of({{"RateLimit", std::string(100000, ',')}, {"RateLimit-Policy", std::string(100000, ';')}});
    CHECK_FALSE(many.requests.remaining);
}
