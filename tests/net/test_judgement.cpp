#include <doctest/doctest.h>

#include "request/judgement.hpp"
#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;
using stagger::detail::judge;
using namespace std::chrono_literals;

namespace {

wire::decoded_answer refusal() {
    wire::decoded_answer ended;
    ended.error = errc::rate_limited;
    ended.what = {verdict::throttled, 2s};
    ended.hints.retry_after = 2s;
    return ended;
}
wire::decoded_answer crash() {
    wire::decoded_answer ended;
    ended.error = errc::server_error;
    ended.what = {verdict::transient};
    ended.tells_limit = false;
    return ended;
}
wire::decoded_answer bad_request() {
    wire::decoded_answer ended;
    ended.error = errc::bad_request;
    ended.what = {verdict::permanent};
    return ended;
}
/// A gateway that hides that what is behind it is overloaded.
wire::decoded_answer disguised() {
    wire::decoded_answer ended;
    ended.error = errc::overloaded;
    ended.what = {verdict::throttled};
    ended.tells_limit = false;
    return ended;
}

retry_policy saying(classification what) {
    return retry_policy().classify([what](const attempt_result&) { return what; });
}

/// Each 429 and each 500 means what is said here.
retry_policy saying_of_failures(classification what) {
    return retry_policy().classify([what](const attempt_result& ended) {
        const bool theirs = ended.error() == errc::rate_limited || ended.error() == errc::server_error;
        return theirs ? what : classify_by_default(ended);
    });
}

}  // namespace

TEST_CASE("without a classify of its own a policy leaves what the dialect says") {
    auto ended = refusal();
    judge(ended, retry_policy().retry_on(retry_never()));
    CHECK(ended.what == classification{verdict::throttled, 2s});
    CHECK(ended.tells_limit);
}

TEST_CASE("what a policy's classify says stands, and what it says of the limit follows") {
    struct row {
        wire::decoded_answer ended;
        verdict said;
        bool tells_limit;
    };
    const row rows[] = {
        {refusal(), verdict::throttled, true},
        {refusal(), verdict::transient, false},
        {refusal(), verdict::permanent, false},
        {refusal(), verdict::ok, false},
        {crash(), verdict::throttled, true},
        {crash(), verdict::transient, false},
        {crash(), verdict::permanent, false},
        {crash(), verdict::ok, false},
        {bad_request(), verdict::throttled, true},
        {bad_request(), verdict::transient, false},
        {bad_request(), verdict::permanent, true},
        {bad_request(), verdict::ok, true},
        {disguised(), verdict::throttled, false},
        {disguised(), verdict::transient, false},
        {{}, verdict::ok, true},
        {{}, verdict::throttled, true},
        {{}, verdict::transient, false},
        {{}, verdict::permanent, true},
    };
    for (row each : rows) {
        CAPTURE(each.ended.error.message());
        CAPTURE(static_cast<int>(each.said));
        judge(each.ended, saying({each.said, 7s}));
        CHECK(each.ended.what == classification{each.said, 7s});
        CHECK(each.ended.tells_limit == each.tells_limit);
    }
}

TEST_CASE("a classify is shown the error with its details, or the answer") {
    auto ended = refusal();
    ended.answer.info.message = "slow down";
    ended.answer.info.http_status = 429;
    bool seen = false;
    judge(ended, retry_policy().classify([&](const attempt_result& result) {
        seen = result.error() == errc::rate_limited && result.message() == "slow down" &&
               result.detail<diagnostic>()->http_status == 429;
        return classification{};
    }));
    CHECK(seen);
    wire::decoded_answer good;
    good.answer.text = "fine";
    judge(good, retry_policy().classify([&](const attempt_result& result) {
        seen = result.value<completion>()->text == "fine";
        return classification{};
    }));
    CHECK(seen);
}

TEST_CASE("the gate is told what classify says of a 429 or a 500, and the retry follows it") {
    asio::io_context context;
    const std::string refused = answer(429, R"({"error":{"message":"slow down"}})");
    const std::string crashed = answer(500, R"({"error":{"message":"boom"}})");
    std::string first;
    classification what;
    coordinator_status told;
    SUBCASE("a 429 as an accident") {
        first = refused;
        what = {verdict::transient};
        told.failed = 1;
    }
    SUBCASE("a 429 as a refusal") {
        first = refused;
        what = {verdict::throttled};
        told.throttled = 1;
    }
    SUBCASE("a 500 as a refusal") {
        first = crashed;
        what = {verdict::throttled};
        told.throttled = 1;
    }
    scripted_peer peer(context, {{{first}, {chat_answer("ok")}}});
    unsigned hooked = 0;
    const auto policy = saying_of_failures(what).before_sleep([&](const retry_state& state) {
        ++hooked;
        CHECK(state.judged == what);
    });
    client llm(context.get_executor(), impatient_options_for(peer.base_url()).retry(policy),
               coordinator_options().initial_rate(1000));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.result.text == "ok");
    CHECK(hooked == 1);
    const coordinator_status status = llm.gate().status();
    CHECK(status.throttled == told.throttled);
    CHECK(status.failed == told.failed);
    CHECK(status.accepted == 1);
    CHECK(ended.result.info.rejections == told.throttled);
    CHECK(llm.counters().rejections == told.throttled);
}

TEST_CASE("a refusal that classify calls final is neither repeated nor taken for an admission") {
    asio::io_context context;
    scripted_peer peer(context, {{{answer(429, R"({"error":{"message":"used up"}})")}}});
    client llm(context.get_executor(),
               options_for(peer.base_url()).retry(saying_of_failures({verdict::permanent})));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::rate_limited);
    CHECK(peer.requests().size() == 1);
    CHECK(llm.gate().status().accepted == 0);
    CHECK(llm.gate().status().throttled == 0);
    CHECK(ended.result.info.rejections == 0);
}

TEST_CASE("the wait that classify names is the one that the gate hears of, and the task keeps") {
    asio::io_context context;
    errc failure{};
    classification what;
    SUBCASE("of a refusal") {
        what = {verdict::throttled, 1h};
        failure = errc::rate_limited;
    }
    SUBCASE("of an accident") {
        what = {verdict::transient, 1h};
        failure = errc::server_error;
    }
    const unsigned status = failure == errc::rate_limited ? 429 : 500;
    scripted_peer peer(context, {{{answer(status, "{}", "Retry-After: 0\r\n")}}});
    // A deadline that comes before the end of that wait ends the request at once.
    client llm(context.get_executor(),
               options_for(peer.base_url()).deadline(10min).retry(saying_of_failures(what)),
               coordinator_options().retry_after_cap(2h));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::deadline_exceeded);
    CHECK(ended.result.info.last_error == failure);
    CHECK(peer.requests().size() == 1);
}

TEST_CASE("an answer that begins to stream is no result that classify could judge") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("fine")}}});
    client llm(context.get_executor(), options_for(peer.base_url()).retry(saying({verdict::transient})));
    error_code opened = errc::cancelled;
    llm.async_stream(completion_request("a"), [&](error_code error, completion_stream) { opened = error; });
    context.restart();
    while (opened == errc::cancelled && context.run_one() != 0) continue;
    CHECK_FALSE(opened);
    CHECK(llm.gate().status().accepted == 1);
    CHECK(llm.gate().status().failed == 0);
}
