#include <doctest/doctest.h>

#include <vector>

#include "pacing/fixed_rate.hpp"
#include "pacing/rivals/aws_adaptive.hpp"
#include "pacing/rivals/cookbook_pause.hpp"
#include "pacing/rivals/inspect_adaptive.hpp"
#include "pacing/rivals/netflix_aimd.hpp"
#include "pacing/unpaced.hpp"
#include "pacing/within_told_limits.hpp"

// The strategies that are there for comparison, each against numbers worked out by hand from its source.

using namespace std::chrono_literals;
using doctest::Approx;
using stagger::aws_adaptive;
using stagger::cookbook_pause;
using stagger::coordinator_options;
using stagger::cost;
using stagger::departure;
using stagger::duration;
using stagger::fixed_rate;
using stagger::hints;
using stagger::inspect_adaptive;
using stagger::line_view;
using stagger::netflix_aimd;
using stagger::never;
using stagger::opening;
using stagger::pacing;
using stagger::time_point;
using stagger::wait_reason;

namespace {

constexpr time_point start = time_point() + 1h;
constexpr cost one{1, 0};

line_view first_attempt(std::size_t in_flight = 0, std::size_t between_attempts = 0) {
    line_view line;
    line.in_flight = in_flight;
    line.between_attempts = between_attempts;
    line.head = one;
    return line;
}

line_view retry(std::size_t in_flight, std::size_t between_attempts) {
    line_view line = first_attempt(in_flight, between_attempts);
    line.head_was_sent = true;
    return line;
}

bool goes(pacing& strategy, time_point now, const line_view& line = first_attempt()) {
    return strategy.next_opening(now, line).at <= now;
}

/// Sends whenever it may, until `end`; the times of the sends from `begin`.
std::vector<duration> send_all(pacing& strategy, time_point begin, time_point end, cost each = one) {
    std::vector<duration> times;
    line_view line = first_attempt();
    line.head = each;
    for (time_point now = begin; now < end;) {
        const opening next = strategy.next_opening(now, line);
        if (next.at > now) {
            now = next.at;
            continue;
        }
        strategy.on_send(now, each);
        times.push_back(now - begin);
    }
    return times;
}

coordinator_options told(double rpm, double tpm = 0) {
    return coordinator_options().requests_per_minute(rpm).tokens_per_minute(tpm);
}

double pace(const pacing& strategy, time_point now) {
    stagger::coordinator_status status;
    strategy.describe(now, status);
    return status.pace_per_s;
}

}  // namespace

TEST_CASE("unpaced: a task keeps its place while it sits out its wait") {
    stagger::unpaced alone(3);
    CHECK(goes(alone, start, first_attempt(1, 1)));
    CHECK_FALSE(goes(alone, start, first_attempt(1, 2)));
    CHECK_FALSE(goes(alone, start, first_attempt(3, 0)));
    CHECK(alone.next_opening(start, first_attempt(1, 2)).why == wait_reason::in_flight);
    CHECK(goes(alone, start, retry(2, 1)));
}

TEST_CASE("cookbook: one request a millisecond") {
    cookbook_pause script{coordinator_options()};
    CHECK(send_all(script, start, start + 4ms) == std::vector<duration>{0ms, 1ms, 2ms, 3ms});
}

TEST_CASE("cookbook: everything stops until 15 s after the last rate-limit error") {
    cookbook_pause script{coordinator_options()};
    const departure sent = script.on_send(start, one);
    script.on_throttled(start + 50ms, sent, {});
    const opening next = script.next_opening(start + 60ms, first_attempt());
    CHECK(next.at == start + 15050ms);
    CHECK(next.why == wait_reason::closed);
    CHECK(goes(script, start + 15050ms));
    // Retry-After is not looked at.
    hints told_to_wait;
    told_to_wait.retry_after = 60s;
    script.on_throttled(start + 16s, sent, told_to_wait);
    CHECK(script.next_opening(start + 16s, first_attempt()).at == start + 31s);
}

TEST_CASE("cookbook: an error during the pause is noticed one request after its end") {
    cookbook_pause script{coordinator_options()};
    const departure sent = script.on_send(start, one);
    script.on_throttled(start + 50ms, sent, {});
    CHECK_FALSE(goes(script, start + 55ms));  // asleep until 15.05 s
    script.on_throttled(start + 80ms, sent, {});
    CHECK(goes(script, start + 15050ms));
    script.on_send(start + 15050ms, one);
    CHECK_FALSE(goes(script, start + 15051ms));
    CHECK(script.next_opening(start + 15051ms, first_attempt()).at == start + 15080ms);
}

TEST_CASE("cookbook: told limits are buckets that begin with a minute's worth") {
    cookbook_pause requests(told(60));
    auto times = send_all(requests, start, start + 3s);
    // 60 in the first 60 ms, in which 0.06 more came; the 61st when a whole one is there.
    REQUIRE(times.size() == 62);
    CHECK(times[59] == 59ms);
    CHECK(stagger::to_seconds(times[60]) == Approx(1));
    CHECK(stagger::to_seconds(times[61]) == Approx(2));

    cookbook_pause tokens(told(0, 600));
    times = send_all(tokens, start, start + 41s, {1, 200});
    REQUIRE(times.size() == 5);
    CHECK(times[2] == 2ms);
    CHECK(stagger::to_seconds(times[3]) == Approx(20));
    CHECK(stagger::to_seconds(times[4]) == Approx(40));
}

TEST_CASE("AWS: CUBIC starts at 0.7 of the rate and is back at it after K") {
    stagger::cubic_rate cubic(start);
    CHECK(cubic.after_error(start, 100) == Approx(70));
    // K = cbrt(100 * 0.3 / 0.4) = 4.2171633...
    CHECK(cubic.after_success(start) == Approx(70));
    CHECK(cubic.after_success(start + 4217163us) == Approx(100));
    CHECK(cubic.after_success(start + 1s) == Approx(100 - 0.4 * 3.2171633 * 3.2171633 * 3.2171633));
    CHECK(cubic.after_success(start + 6217163us) == Approx(100 + 0.4 * 8));
}

TEST_CASE("AWS: the rate of answers is measured by half seconds") {
    stagger::measured_rate rate(start);
    for (int answer = 1; answer <= 10; ++answer) CHECK(rate.record(start + answer * 10ms) == 0);
    // The eleventh answer closes the first half second: 0.8 * 11 / 0.5 s.
    CHECK(rate.record(start + 600ms) == Approx(17.6));
    CHECK(rate.record(start + 900ms) == Approx(17.6));
    // Two answers in one and a half seconds: 0.8 * 2 / 1.5 + 0.2 * 17.6.
    CHECK(rate.record(start + 2s) == Approx(0.8 * 2 / 1.5 + 0.2 * 17.6));
}

TEST_CASE("AWS: a bucket refills at its former rate until it is changed") {
    stagger::refilling_bucket bucket(10, 2, 0);
    CHECK(bucket.available_at(start, 1) == start + 500ms);
    bucket.change(start + 1s, 4, 8);  // 2 came until then
    CHECK(bucket.available_at(start + 1s, 2) == start + 1s);
    CHECK(bucket.available_at(start + 1s, 3) == start + 1125ms);
    bucket.take(start + 2s, 4);  // full by then
    CHECK(bucket.available_at(start + 2s, 1) == start + 2125ms);
    CHECK(bucket.available_at(start + 2s, 9) == start + 2500ms);  // when it is full
}

TEST_CASE("AWS: no pace before the first rejection, then CUBIC within twice what is measured") {
    aws_adaptive sdk(1000);
    for (int each = 0; each < 100; ++each) {
        REQUIRE(goes(sdk, start));
        sdk.on_send(start, one);
    }
    const departure sent{};
    for (int each = 0; each < 49; ++each) sdk.on_accepted(start + 100ms, sent, {});
    CHECK(pace(sdk, start + 100ms) == 0);
    // 50 answers in half a second measure 0.8 * 50 / 0.5 = 80/s; the cut makes that 56/s.
    sdk.on_throttled(start + 500ms, sent, {});
    CHECK(pace(sdk, start + 500ms) == Approx(56));
    // A second one cuts the bucket's rate, which is lower than what is measured.
    sdk.on_throttled(start + 500ms, sent, {});
    CHECK(pace(sdk, start + 500ms) == Approx(39.2));
    // K = cbrt(56 * 0.75) = 3.476: after four seconds 0.4 * 0.524^3 + 56; but only two answers came in 4 s,
    // so that 0.8 * 2 / 4 + 0.2 * 80 = 16.4/s is measured.
    sdk.on_accepted(start + 4500ms, sent, {});
    CHECK(pace(sdk, start + 4500ms) == Approx(32.8));
}

TEST_CASE("AWS: never slower than one request in two seconds, and a task keeps its place") {
    aws_adaptive sdk(2);
    const departure sent = sdk.on_send(start, one);
    sdk.on_throttled(start + 50ms, sent, {});  // nothing is measured yet
    CHECK(pace(sdk, start + 50ms) == 0.5);
    CHECK_FALSE(goes(sdk, start + 60ms, first_attempt(1, 1)));
    CHECK(sdk.next_opening(start + 60ms, first_attempt(1, 1)).at == never);
    const opening next = sdk.next_opening(start + 50ms, retry(0, 1));
    CHECK(next.at == start + 2050ms);
    CHECK(next.why == wait_reason::pace);
}

TEST_CASE("AIMD: one more where half the limit was used, nine tenths when refused or slow") {
    netflix_aimd limiter;
    CHECK(limiter.limit() == 20);
    CHECK(goes(limiter, start, first_attempt(19)));
    CHECK_FALSE(goes(limiter, start, first_attempt(20)));
    departure sent;
    sent.at = start;
    sent.in_flight = 9;  // 18 < 20
    limiter.on_accepted(start + 2s, sent, {});
    CHECK(limiter.limit() == 20);
    sent.in_flight = 10;
    for (int each = 0; each < 5; ++each) {
        limiter.on_accepted(start + 2s, sent, {});
        sent.in_flight = 20;
    }
    CHECK(limiter.limit() == 25);
    sent.in_flight = 100;
    for (int each = 0; each < 500; ++each) limiter.on_accepted(start + 5s, sent, {});
    CHECK(limiter.limit() == 200);
    limiter.on_throttled(start + 2s, sent, {});
    CHECK(limiter.limit() == 180);
    limiter.on_accepted(start + 5001ms, sent, {});
    CHECK(limiter.limit() == 162);
    limiter.on_throttled(start + 2s, sent, {});
    CHECK(limiter.limit() == 145);  // 145.8
    limiter.on_failed(start + 2s, sent);
    CHECK(limiter.limit() == 145);
    for (int each = 0; each < 50; ++each) limiter.on_throttled(start + 2s, sent, {});
    CHECK(limiter.limit() == 20);
}

namespace {

/// Rounds of clean successes with all places taken.
void clean_round(inspect_adaptive& connections, time_point now) {
    const std::size_t size = connections.limit();
    departure sent;
    for (std::size_t each = 0; each < size; ++each) {
        REQUIRE(goes(connections, now, first_attempt(each)));
        sent = connections.on_send(now, one);
    }
    for (std::size_t each = 0; each < size; ++each) connections.on_accepted(now, sent, {});
}

}  // namespace

TEST_CASE("inspect_ai: doubles with each clean round, up to 100") {
    inspect_adaptive connections;
    CHECK(connections.limit() == 20);
    clean_round(connections, start);
    CHECK(connections.limit() == 40);
    clean_round(connections, start);
    clean_round(connections, start);
    CHECK(connections.limit() == 100);
    CHECK_FALSE(goes(connections, start, first_attempt(60, 40)));
    CHECK(goes(connections, start, first_attempt(60, 39)));
    CHECK(goes(connections, start, retry(99, 1)));
}

TEST_CASE("inspect_ai: a round in which a fifth of the places stayed free proves nothing") {
    inspect_adaptive connections;
    departure sent;
    for (std::size_t each = 0; each < 15; ++each) {
        connections.next_opening(start, first_attempt(each));
        sent = connections.on_send(start, one);
    }
    for (int each = 0; each < 20; ++each) connections.on_accepted(start, sent, {});
    CHECK(connections.limit() == 20);
    connections.next_opening(start, first_attempt(10, 5));  // the sixteenth task
    sent = connections.on_send(start, one);
    for (int each = 0; each < 19; ++each) connections.on_accepted(start, sent, {});
    CHECK(connections.limit() == 20);
    connections.on_accepted(start, sent, {});
    CHECK(connections.limit() == 40);
}

TEST_CASE("inspect_ai: one cut in an episode, and steps of five from then on") {
    inspect_adaptive connections;
    for (int round = 0; round < 3; ++round) clean_round(connections, start);
    const departure sent{};
    connections.on_throttled(start, sent, {});
    CHECK(connections.limit() == 80);
    connections.on_throttled(start + 14s, sent, {});
    CHECK(connections.limit() == 80);
    clean_round(connections, start + 14s);  // does not count yet
    CHECK(connections.limit() == 80);
    clean_round(connections, start + 15s);
    CHECK(connections.limit() == 85);  // 80 + 4, rounded up
    connections.on_throttled(start + 16s, sent, {});
    CHECK(connections.limit() == 65);  // 68, rounded down
    for (int episode = 2; episode < 20; ++episode) connections.on_throttled(start + episode * 16s, sent, {});
    CHECK(connections.limit() == 10);
}

TEST_CASE("inspect_ai: a longer Retry-After prolongs the episode") {
    inspect_adaptive connections;
    hints said;
    said.retry_after = 40s;
    connections.on_throttled(start, {}, said);
    CHECK(connections.limit() == 15);                 // 16, rounded down
    connections.on_throttled(start + 20s, {}, said);  // until 60 s now
    connections.on_throttled(start + 59s, {}, {});
    CHECK(connections.limit() == 15);
    connections.on_throttled(start + 60s, {}, {});
    CHECK(connections.limit() == 10);
}

TEST_CASE("inspect_ai: a success after a retry does not count") {
    inspect_adaptive connections;
    departure sent;
    sent.repeated = true;
    connections.next_opening(start, first_attempt(19));
    connections.on_send(start, one);
    for (int each = 0; each < 100; ++each) connections.on_accepted(start, sent, {});
    CHECK(connections.limit() == 20);
}

TEST_CASE("a fixed rate is even, whatever the server says") {
    fixed_rate even(told(600));
    const auto times = send_all(even, start, start + 1s);
    REQUIRE(times.size() == 10);
    for (std::size_t each = 0; each < times.size(); ++each) CHECK(times[each] == each * 100ms);
    hints said;
    said.retry_after = 60s;
    even.on_throttled(start + 950ms, {}, said);
    CHECK(even.next_opening(start + 950ms, first_attempt()).at == start + 1s);
    CHECK(pace(even, start) == 10);
}

TEST_CASE("a fixed rate must be told") {
    CHECK_THROWS_WITH_AS(fixed_rate(told(0, 100)), "requests_per_minute: must be > 0 for a fixed rate, is 0",
                         std::invalid_argument);
}

TEST_CASE("told limits hold for strategies that know of none") {
    stagger::within_told_limits kept(told(60, 6000), std::make_unique<stagger::unpaced>(100));
    CHECK(send_all(kept, start, start + 3s) == std::vector<duration>{0s, 1s, 2s});
    kept.on_send(start + 10s, {1, 1000});  // ten seconds' worth of tokens
    CHECK(kept.next_opening(start + 11s, first_attempt()).at == start + 20s);
    CHECK(kept.next_opening(start + 20s, first_attempt(100)).at == never);
    CHECK(pace(kept, start) == 1);
}
