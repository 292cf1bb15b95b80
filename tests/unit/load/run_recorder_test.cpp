#include <doctest/doctest.h>

#include "load/arrival_schedule.hpp"
#include "load/run_recorder.hpp"

using namespace std::chrono_literals;
using namespace stagger::load;
using stagger::duration;
using stagger::time_point;

namespace {

constexpr time_point start{100s};

request_record request(duration scheduled, duration first_sent, duration ended) {
    request_record record;
    record.scheduled = record.sent = start + scheduled;
    record.effort.first_sent = start + first_sent;
    record.ended = start + ended;
    record.attempts = 1;
    return record;
}

request_record failed(request_record record, stagger::errc why) {
    record.error = why;
    return record;
}

attempt_record attempt(duration ended, bool refused = false) {
    attempt_record record;
    record.ended = start + ended;
    record.was_admitted = true;
    record.was_refused = refused;
    return record;
}

const latency_summary& latency(const run_results& run, std::string_view kind) {
    return run.latency_ms.at(std::string(kind));
}

/// Sends by `profile` through one connection to a server that takes `service` for each, one after the other,
/// but stands still for `stall` when it gets to request number `stalled`.
run_results through_one_connection(const load_profile& profile, duration service, std::uint64_t stalled,
                                   duration stall) {
    run_recorder recorder(start, {});
    arrival_schedule schedule(profile);
    duration free{0};
    for (std::uint64_t number = 0;; ++number) {
        const auto due = schedule.next();
        if (!due) break;
        const duration begun = std::max(free, *due);
        free = begun + service + (number == stalled ? stall : 0s);
        recorder.request_ended(request(*due, begun, free));
    }
    return recorder.finish(start + free);
}

}  // namespace

TEST_CASE("recorder: a stall of 2 s shows in p99 as the schedule makes it, not in the naive figure") {
    load_profile profile;
    profile.kind = load_kind::constant;
    profile.rate_per_s = 100;
    profile.requests = 1000;
    const auto run = through_one_connection(profile, 1ms, 500, 2s);
    // By hand. Request 500 is due at 5 s and ends at 7.001 s. The k-th after it is due at 5 s + k * 10 ms and
    // ends k * 1 ms after 7.001 s: it took 2001 ms - k * 9 ms. Of 1000, p99 is the 11th longest: k = 10.
    CHECK(latency(run, latency_kinds::total).p99 == doctest::Approx(2001 - 10 * 9).epsilon(0.01));
    CHECK(latency(run, latency_kinds::total).max == 2001);
    // The longest ones are k = 0 and 1, and p99.9 is the second longest.
    CHECK(latency(run, latency_kinds::total).p999 == doctest::Approx(2001 - 9).epsilon(0.01));
    // The mean adds 9 ms * (222 + 221 + ... + 1) - what is left of k = 222 is 3 ms - to 1 ms each.
    double sum_ms = 1000;
    for (int k = 0; k <= 222; ++k) sum_ms += 2000 - k * 9;
    CHECK(latency(run, latency_kinds::total).mean == doctest::Approx(sum_ms / 1000));
    // Who looks at the clock when the connection is free sees one slow request.
    CHECK(latency(run, latency_kinds::from_actual_send).p99 == doctest::Approx(1).epsilon(0.01));
    CHECK(latency(run, latency_kinds::from_actual_send).p999 == doctest::Approx(1).epsilon(0.01));
    CHECK(latency(run, latency_kinds::from_actual_send).max == 2001);
}

TEST_CASE("recorder: failures are in the denominator, with their time and their name") {
    run_recorder recorder(start, {});
    recorder.request_ended(request(0s, 0s, 1s));
    recorder.request_ended(failed(request(0s, 0s, 3s), stagger::errc::rate_limited));
    recorder.request_ended(failed(request(0s, 0s, 4s), stagger::errc::answer_timed_out));
    recorder.request_ended(failed(request(0s, 0s, 4s), stagger::errc::rate_limited));
    const auto run = recorder.finish(start + 4s);
    CHECK(run.requests == 4);
    CHECK(run.succeeded == 1);
    CHECK(run.failed == 3);
    CHECK(run.failures == std::map<std::string, std::uint64_t>{{"answer_timed_out", 1}, {"rate_limited", 2}});
    CHECK(run.goodput_per_s == 0.25);
    CHECK(latency(run, latency_kinds::total).count == 4);
    CHECK(latency(run, latency_kinds::total).mean == 3000);
}

TEST_CASE("recorder: answers that say nothing are successes, and counted") {
    run_recorder recorder(start, {});
    recorder.request_ended(request(0s, 0s, 1s));
    CHECK_FALSE(recorder.finish(start + 1s).empty_answers);
    auto silent = request(0s, 0s, 2s);
    silent.empty = true;
    recorder.request_ended(silent);
    const auto run = recorder.finish(start + 2s);
    CHECK(run.succeeded == 2);
    CHECK(run.empty_answers.value() == 1);
}

TEST_CASE("recorder: attempts, rejections and wasted tokens by successes") {
    run_recorder recorder(start, {});
    for (int number = 0; number < 5; ++number) recorder.attempt_ended(attempt(1s, number < 3));
    attempt_record never_admitted = attempt(1s);
    never_admitted.was_admitted = false;
    never_admitted.waited[stagger::wait_reason::pace] = 250ms;
    recorder.attempt_ended(never_admitted);
    auto good = request(0s, 0s, 1s);
    good.attempts = 3;
    good.prompt_tokens = 100;
    good.completion_tokens = 40;
    recorder.request_ended(good);
    auto bad = failed(good, stagger::errc::rate_limited);
    bad.attempts = 2;
    recorder.request_ended(bad);
    const auto run = recorder.finish(start + 2s);
    CHECK(run.attempts == 5);
    CHECK(run.rejections == 3);
    CHECK(run.attempts_per_success == 5);
    CHECK(run.rejections_per_100_successes == 300);
    CHECK(run.wasted_tokens == 400);  // two attempts of the good one, both of the bad one
    CHECK(run.prompt_tokens == 100);
    CHECK(run.completion_tokens == 40);
    CHECK(run.tokens_per_s == 20);
    CHECK(run.waiting_s[stagger::wait_reason::pace].count() == 0.25);
}

TEST_CASE("recorder: of no success there is no figure for each success") {
    run_recorder recorder(start, {});
    recorder.attempt_ended(attempt(1s, true));
    const auto run = recorder.finish(start + 1s);
    CHECK_FALSE(run.attempts_per_success);
    CHECK_FALSE(run.rejections_per_100_successes);
    CHECK(run.goodput_per_s == 0);
}

TEST_CASE("recorder: warm-up and cool-down are cut off by when things ended") {
    measuring how;
    how.warm_up = 2s;
    how.cool_down = 3s;
    run_recorder recorder(start, how);
    for (int second = 0; second <= 10; ++second) {
        const auto at = std::chrono::seconds(second);
        recorder.sent({start + at, start + at});
        recorder.attempt_sent(start + at);
        recorder.attempt_ended(attempt(at, second == 5 || second == 9));
        recorder.request_ended(request(at - 1s, at - 1s, at));
    }
    const auto run = recorder.finish(start + 10s);
    CHECK(run.elapsed_s == 10);
    CHECK(run.measured_s == 5);
    CHECK(run.requests == 6);  // those that ended from 2 s to 7 s
    CHECK(run.attempts == 6);
    CHECK(run.rejections == 1);
    CHECK(run.peak_1s == 1);
    REQUIRE(run.schedule);
    CHECK(run.schedule->achieved_per_s == 1);
    // The timeline shows the whole run.
    std::uint64_t attempts = 0;
    for (const auto& row : run.timeline.rows) attempts += row.attempts;
    CHECK(attempts == 11);
}

TEST_CASE("recorder: the timeline has attempts, and those refused, in the step in which they were sent") {
    run_recorder recorder(start, {});
    recorder.attempt_sent(start + 100ms);
    recorder.attempt_sent(start + 200ms);
    recorder.attempt_sent(start + 900ms);
    auto slow = attempt(1600ms, true);
    slow.sent = start + 100ms;
    recorder.attempt_ended(slow);
    const auto rows = recorder.finish(start + 2s).timeline.rows;
    REQUIRE(rows.size() >= 2);
    CHECK(rows[0].attempts == 2);
    CHECK(rows[0].rejections == 1);
    CHECK(rows[1].attempts == 1);
    for (std::size_t later = 1; later < rows.size(); ++later) CHECK(rows[later].rejections == 0);
}

TEST_CASE("recorder: a run that is shorter than what is cut off measured nothing") {
    measuring how;
    how.warm_up = 2s;
    how.cool_down = 2s;
    run_recorder recorder(start, how);
    recorder.request_ended(request(0s, 0s, 3s));
    const auto run = recorder.finish(start + 3s);
    CHECK(run.requests == 0);
    CHECK(run.measured_s == 0);
    CHECK(run.goodput_per_s == 0);
}

TEST_CASE("recorder: a service level is kept by successes within all of its limits, from the schedule") {
    measuring how;
    how.slo = service_level{500, 2000};
    run_recorder recorder(start, how);
    const auto streamed = [](duration first_token, duration ended) {
        auto record = request(0s, ended, ended);  // sent late: that is no excuse
        record.first_token = start + first_token;
        return record;
    };
    recorder.request_ended(streamed(500ms, 2000ms));
    recorder.request_ended(streamed(501ms, 2000ms));
    recorder.request_ended(streamed(500ms, 2001ms));
    recorder.request_ended(failed(streamed(100ms, 2001ms), stagger::errc::answer_truncated));
    recorder.request_ended(request(1s, 1s, 2s));  // no token came
    const auto run = recorder.finish(start + 4s);
    CHECK(run.slo_goodput_per_s == 0.25);
    CHECK(run.goodput_per_s == 1);
    CHECK(latency(run, latency_kinds::first_token).count == 4);
}

TEST_CASE("recorder: without a service level there is no figure for it") {
    run_recorder recorder(start, {});
    recorder.request_ended(request(0s, 0s, 1s));
    CHECK_FALSE(recorder.finish(start + 1s).slo_goodput_per_s);
}

TEST_CASE("recorder: peaks are of what was sent, in any span") {
    run_recorder recorder(start, {});
    for (const auto at : {0ms, 996ms, 999ms, 1004ms, 1500ms, 1998ms, 2500ms})
        recorder.attempt_sent(start + at);
    const auto run = recorder.finish(start + 3s);
    CHECK(run.peak_10ms == 3);
    CHECK(run.peak_1s == 4);
}

TEST_CASE("recorder: a sender on time has no lag, and one that is late says so") {
    run_recorder on_time(start, {});
    run_recorder late(start, {});
    run_recorder slow(start, {});
    for (int number = 0; number <= 1000; ++number) {
        const time_point due = start + number * 10ms;
        on_time.sent({due, due + 100us});
        late.sent({due, due + (number >= 980 ? 60ms : 0ms)});
        slow.sent({due, due + number * 200us});
    }
    const auto good = *on_time.finish(start + 11s).schedule;
    CHECK(*good.asked_per_s == doctest::Approx(100));
    CHECK(good.achieved_per_s == doctest::Approx(100));
    CHECK(good.lag_p99_ms == doctest::Approx(0.1).epsilon(0.01));
    CHECK_FALSE(good.fell_behind);
    const auto pause = *late.finish(start + 11s).schedule;
    CHECK(pause.lag_p50_ms == 0);
    CHECK(pause.lag_max_ms == doctest::Approx(60).epsilon(0.01));
    CHECK(pause.fell_behind);
    const auto short_of = *slow.finish(start + 11s).schedule;
    CHECK(short_of.achieved_per_s == doctest::Approx(100 / 1.02));
    CHECK(short_of.fell_behind);
}

TEST_CASE("recorder: the time during which the server counted as closed, cut like everything else") {
    measuring how;
    how.warm_up = 1s;
    how.cool_down = 2s;
    run_recorder recorder(start, how);
    stagger::coordinator_status closed;
    closed.mode = stagger::coordinator_mode::closed;
    const stagger::coordinator_status open;
    recorder.observe(start, closed);
    recorder.observe(start + 1500ms, closed);
    recorder.observe(start + 2s, open);  // 1 s of it measured
    recorder.observe(start + 3s, open);
    recorder.observe(start + 7s, closed);  // until the end, of which 1 s is measured
    const auto run = recorder.finish(start + 10s);
    CHECK(run.closed_s == 2);
}
