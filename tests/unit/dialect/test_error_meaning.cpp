#include <doctest/doctest.h>

#include <string>

#include "base/date.hpp"
#include "dialect/dialect.hpp"
#include "dialect/error_meaning.hpp"

using stagger::dialect;
using stagger::errc;
using stagger::verdict;
using stagger::wire::decoded_answer;
using stagger::wire::field;
using kind = stagger::wire::named_meaning::kind;

namespace {

const double now = stagger::wire::parse_rfc3339("2026-11-29T12:00:00Z").value();

stagger::wire::named_meaning named(const std::string& body) {
    return stagger::wire::meaning_of_names(stagger::wire::read_error_body(body), now);
}

decoded_answer decoded(unsigned status, std::string body, std::vector<field> fields = {}) {
    return stagger::wire::decode({status, std::move(fields), std::move(body)}, dialect::openai_chat, now);
}

std::string openai_error(const std::string& code) {
    return R"({"error":{"message":"words","type":"some_type","param":null,"code":")" + code + R"("}})";
}

double hours_until(const decoded_answer& ended) {
    return ended.what.retry_after ? stagger::to_seconds(*ended.what.retry_after) / 3600 : -1;
}

}  // namespace

TEST_CASE("every name of an account that has nothing left is final, at any status of a client's fault") {
    for (const auto* code :
         {"insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
          "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_not_active",
          "blocked_api_access"}) {
        CAPTURE(code);
        for (const unsigned status : {400U, 402U, 403U, 429U}) {
            const auto got = decoded(status, openai_error(code));
            CHECK(got.error == errc::quota_exhausted);
            CHECK(got.what.verdict == verdict::permanent);
            CHECK_FALSE(got.tells_limit);
        }
    }
    CHECK(decoded(402, "").error == errc::quota_exhausted);
    CHECK(decoded(402, R"({"type":"error","error":{"type":"billing_error","message":"x"}})").error ==
          errc::quota_exhausted);
    CHECK(decoded(400, R"({"error":{"type":"invalid_request_error",)"
                       R"("message":"Your credit balance is too low to access the API."}})")
              .error == errc::quota_exhausted);
    CHECK(
        decoded(400, R"({"error":{"message":"You have reached your specified API usage limits."}})").error ==
        errc::quota_exhausted);
}

TEST_CASE("a used-up quota that is filled again at a known time is waited for") {
    const auto by_month = decoded(429, R"({"type":"error","error":{"type":"rate_limit_error","message":"x",)"
                                       R"("details":{"error_code":"enforced_spend_limit_reached"}}})");
    CHECK(by_month.error == errc::rate_limited);
    CHECK(by_month.what.verdict == verdict::throttled);
    CHECK(hours_until(by_month) == doctest::Approx(36));
    CHECK(by_month.hints.retry_after == by_month.what.retry_after);

    const auto by_words =
        decoded(400, R"({"error":{"message":"You have reached your specified workspace API usage limits. )"
                     R"(You will regain access on 2026-12-01 at 00:00 UTC."}})");
    CHECK(by_words.error == errc::rate_limited);
    CHECK(hours_until(by_words) == doctest::Approx(36));

    // Its own delay is not to be relied on: the day counts.
    const auto by_day = decoded(
        429, R"([{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[)"
             R"({"@type":"QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]},)"
             R"({"@type":"RetryInfo","retryDelay":"38.2s"}]}}])");
    CHECK(by_day.error == errc::rate_limited);
    CHECK(hours_until(by_day) == doctest::Approx(20));
    CHECK(by_day.answer.info.message == "x");
    CHECK(by_day.hints.retry_after_kind == stagger::opening_hint::quota);
    CHECK(by_day.hints.otherwise ==
          stagger::other_opening{stagger::opening_hint::body, stagger::from_seconds(38.2)});

    // Also when it is not a minute until then.
    const auto soon = stagger::wire::decode({429,
                                             {},
                                             R"({"error":{"message":"x","details":[)"
                                             R"({"violations":[{"quotaId":"PerDay"}]}]}})"},
                                            dialect::gemini, now + 20 * 3600 - 5);
    CHECK(soon.error == errc::rate_limited);
    CHECK(soon.hints.retry_after == stagger::from_seconds(5));

    const auto by_hint = decoded(429, openai_error("insufficient_quota"), {{"Retry-After", "3600"}});
    CHECK(by_hint.error == errc::rate_limited);
    CHECK(hours_until(by_hint) == doctest::Approx(1));
    // A second is what a gateway says of any 429.
    CHECK(decoded(429, openai_error("insufficient_quota"), {{"Retry-After", "1"}}).error ==
          errc::quota_exhausted);
}

TEST_CASE("limits that open by themselves are waited for, whatever the status") {
    const auto by_minute =
        decoded(429, R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"x","details":[)"
                     R"({"violations":[{"quotaId":"RequestsPerMinutePerModel"}]},{"retryDelay":"38.2s"}]}})");
    CHECK(by_minute.error == errc::rate_limited);
    CHECK(by_minute.what.retry_after == stagger::from_seconds(38.2));
    const auto by_header =
        decoded(429, R"({"error":{"code":429,"details":[{"retryDelay":"38.2s"}]}})", {{"Retry-After", "3"}});
    CHECK(by_header.what.retry_after == std::chrono::seconds(3));
    const auto in_flight = decoded(
        402,
        R"({"error":{"code":402,"message":"x","metadata":{"limit_source":"openrouter_in_flight_budget"}}})");
    CHECK(in_flight.error == errc::rate_limited);
    CHECK(decoded(429, openai_error("rate_limit_exceeded")).error == errc::rate_limited);
    // Larger than the tokens per minute: the prompt's own.
    CHECK(decoded(413, openai_error("rate_limit_exceeded")).error == errc::bad_request);
}

TEST_CASE("a key that is refused with 400 is a refused key") {
    const auto got =
        decoded(400, R"([{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT",)"
                     R"("details":[{"@type":"ErrorInfo","reason":"API_KEY_INVALID"}]}}])");
    CHECK(got.error == errc::unauthorized);
    CHECK(got.answer.info.message == "API key not valid.");
    CHECK(decoded(401, openai_error("invalid_api_key")).error == errc::unauthorized);
}

TEST_CASE("an error inside a 200 goes by its type and code") {
    const auto inside = [](const std::string& error) { return decoded(200, R"({"error":)" + error + "}"); };
    for (const auto* error :
         {R"({"code":429,"message":"Provider returned error","metadata":{"raw":"Too Many Requests"}})",
          R"({"code":"429","message":"x"})", R"({"type":"rate_limit_error","message":"x"})",
          R"({"code":"rate_limit_exceeded","message":"x"})", R"({"code":"slow_down","message":"x"})",
          R"({"status":"RESOURCE_EXHAUSTED","message":"x"})"}) {
        CAPTURE(error);
        const auto got = inside(error);
        CHECK(got.error == errc::rate_limited);
        CHECK(got.what.verdict == verdict::throttled);
        CHECK(got.tells_limit);
    }
    for (const auto* error : {R"({"code":502,"message":"x"})", R"({"code":503,"message":"x"})",
                              R"({"code":529,"message":"x"})", R"({"type":"overloaded_error","message":"x"})",
                              R"({"code":"server_is_overloaded","message":"x"})"}) {
        CAPTURE(error);
        CHECK(inside(error).error == errc::overloaded);
        CHECK(inside(error).what.verdict == verdict::throttled);
    }
    CHECK(inside(R"({"code":402,"message":"x"})").error == errc::quota_exhausted);
    CHECK(inside(R"({"code":"insufficient_quota","message":"x"})").error == errc::quota_exhausted);
    // Was made, and may have been billed: as before.
    for (const auto* error : {R"({"code":400,"message":"x"})", R"({"code":500,"message":"x"})",
                              R"({"type":"api_error","message":"x"})", R"("only words")", "{}"}) {
        CAPTURE(error);
        const auto got = inside(error);
        CHECK(got.error == errc::error_in_answer);
        CHECK(got.what.verdict == verdict::permanent);
        CHECK(got.tells_limit);
    }
    const auto beside = decoded(200, R"({"error":"Model is overloaded","error_type":"overloaded"})");
    CHECK(beside.error == errc::overloaded);
    const auto around = decoded(200, R"([{"error":{"code":503,"status":"UNAVAILABLE","message":"m"}}])");
    CHECK(around.error == errc::overloaded);
    CHECK(around.answer.info.message == "m");
    const auto flat = decoded(200, R"({"object":"error","message":"m","type":"x","code":"3505"})");
    CHECK(flat.error == errc::error_in_answer);
    CHECK(flat.answer.info.message == "m");
    const auto hinted = decoded(200, R"({"error":{"code":503,"message":"x"}})", {{"Retry-After", "7"}});
    CHECK(hinted.what.retry_after == std::chrono::seconds(7));
}

TEST_CASE("names are found wherever servers put them, and nothing else is one") {
    CHECK(named(R"({"error":{"type":7,"code":null,"details":7,"metadata":[]}})").what == kind::none);
    CHECK(named(R"({"type":"overloaded_error"})").what == kind::overloaded);
    CHECK(named(R"({"error":{"message":"insufficient_quota"}})").what == kind::none);
    CHECK(named(R"([])").what == kind::none);
    CHECK(named(R"([[{"error":{"type":"overloaded_error"}}]])").what == kind::none);
    CHECK(named("").what == kind::none);
}
