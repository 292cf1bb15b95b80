#include <doctest/doctest.h>

#include <vector>

#include "pacing/measured/closed_phase.hpp"
#include "pacing/measured/lockout_learner.hpp"
#include "pacing/measured/window_learner.hpp"
#include "sends.hpp"

using namespace sends;
using stagger::closed_phase;
using stagger::lockout_learner;
using stagger::never;
using stagger::open_run;
using stagger::window_learner;

namespace {

departure probe_at(time_point at, stagger::send_number number = 100) {
    return departure{number, at, 1, static_cast<double>(number)};
}

/// A closed time in which one probe after this silence failed, and the next one works after `worked`.
closed_phase closed_with(seconds failed, seconds worked, lockout_learner& learner, const open_run& before) {
    closed_phase phase(start, start, 100, seconds(0.1));
    if (failed > seconds(0)) {
        phase.sent(probe_at(start + 1s), failed);
        learner.probe_rejected(phase, *phase.out());
        phase.rejected(start + 1s, seconds(0.05), learner.possible());
    }
    phase.sent(probe_at(start + 10s, 101), worked);
    learner.probe_admitted(phase, *phase.out(), before);
    return phase;
}

}  // namespace

TEST_CASE("one probe at a time, and the gaps between them grow to two seconds") {
    closed_phase phase(start, start, 100, seconds(0.1));
    stagger::random_source random(1);
    time_point now = start;
    std::vector<double> gaps;
    phase.schedule(now, random);
    for (int each = 0; each < 20; ++each) {
        const time_point next = phase.next_probe(time_point::min());
        REQUIRE(next > now);
        gaps.push_back(seconds(next - now).count());
        now = next;
        phase.sent(probe_at(now), seconds(gaps.back()));
        CHECK(phase.next_probe(time_point::min()) == never);
        phase.rejected(now, seconds(0.05), false);
        phase.schedule(now, random);
    }
    CHECK(gaps.front() == doctest::Approx(0.1).epsilon(0.11));
    CHECK(gaps[1] > 1.1 * gaps[0]);
    CHECK(gaps.back() == doctest::Approx(2).epsilon(0.11));
    CHECK(phase.last_rejected() == now);
}

TEST_CASE("while a penalty is possible, a longer silence than the longest gap is tried now and then") {
    closed_phase phase(start, start, 100, seconds(1.9));
    phase.sent(probe_at(start + 2s), seconds(1.9));
    phase.rejected(start + 2s, seconds(0.05), true);
    CHECK(phase.gap() == seconds(3.8));
    phase.sent(probe_at(start + 6s), seconds(3.8));
    phase.rejected(start + 6s, seconds(0.05), true);
    CHECK(phase.gap() == seconds(2));
}

TEST_CASE("probes wait for an announced end, except one trial") {
    closed_phase phase(start, start, 100, seconds(0.1));
    stagger::random_source random(1);
    phase.announced(start + 8s, start + 1s);
    phase.schedule(start, random);
    CHECK(phase.next_probe(start + 8s) == start + 1s);
    phase.sent(probe_at(start + 1s), seconds(1));
    CHECK(phase.out()->trial);
    phase.rejected(start + 1s, seconds(0.05), true);
    CHECK(phase.longest_failed_silence() == seconds(0));
    phase.schedule(start + 1s, random);
    CHECK(phase.next_probe(start + 8s) == start + 8s);
}

TEST_CASE("no probe goes before an expected end, and the gaps after it are as short as ever") {
    closed_phase phase(start, start, 100, seconds(0.1));
    stagger::random_source random(1);
    phase.schedule(start, random);
    phase.expect_end(start + 5s);
    CHECK(phase.waits_for_expected_end());
    CHECK(phase.next_probe(time_point::min()) == start + 5s);
    CHECK_FALSE(phase.any_probe_rejected());
    phase.sent(probe_at(start + 5s), seconds(5));
    phase.rejected(start + 5s, seconds(0.05), false);
    phase.schedule(start + 5s, random);
    CHECK(phase.any_probe_rejected());
    CHECK(phase.next_probe(time_point::min()) < start + 5200ms);
}

TEST_CASE("an unanswered probe that comes to nothing is replaced") {
    closed_phase phase(start, start, 100, seconds(0.1));
    phase.sent(probe_at(start + 1s), seconds(1));
    phase.call_back();
    CHECK_FALSE(phase.probe_out());
}

TEST_CASE("whether the first completion opened it") {
    closed_phase phase(start, start, 100, seconds(0.1));
    CHECK_FALSE(phase.opened_by_completion());
    phase.note_completion(start + 1s);
    CHECK(phase.opened_by_completion());
    phase.sent(probe_at(start + 2s), seconds(1));
    phase.rejected(start + 2s, seconds(0.05), false);
    CHECK_FALSE(phase.opened_by_completion());
}

TEST_CASE("two silences longer than all that failed make a lockout") {
    lockout_learner learner;
    const open_run before{20, 1s};
    closed_with(seconds(1.5), seconds(3.2), learner, before);
    CHECK(learner.suspected());
    CHECK_FALSE(learner.confirmed());
    CHECK(learner.silence() == seconds(3.2));
    closed_with(seconds(0), seconds(3.5), learner, before);
    CHECK(learner.confirmed());
    CHECK(learner.silence() == seconds(3.2));
}

TEST_CASE("a silence that waited for an expected end makes no lockout") {
    lockout_learner learner;
    closed_phase phase(start, start, 100, seconds(0.1));
    phase.expect_end(start + 10s);
    phase.sent(probe_at(start + 10s), seconds(10));
    learner.probe_admitted(phase, *phase.out(), {20, 1s});
    CHECK_FALSE(learner.suspected());
}

TEST_CASE("a shorter silence that works refutes a lockout for good") {
    lockout_learner learner;
    const open_run before{20, 1s};
    closed_with(seconds(1.5), seconds(3.2), learner, before);
    closed_with(seconds(2), seconds(1), learner, before);
    CHECK_FALSE(learner.suspected());
    CHECK_FALSE(learner.possible());
    closed_with(seconds(1.5), seconds(3.2), learner, before);
    CHECK_FALSE(learner.suspected());
}

TEST_CASE("a longer silence that fails refutes a lockout") {
    lockout_learner learner;
    closed_with(seconds(1.5), seconds(3.2), learner, {20, 1s});
    closed_phase phase(start, start, 100, seconds(0.1));
    phase.sent(probe_at(start + 5s), seconds(4));
    learner.probe_rejected(phase, *phase.out());
    CHECK_FALSE(learner.suspected());
}

TEST_CASE("an admission behind the rejection refutes a lockout") {
    lockout_learner learner;
    closed_with(seconds(1.5), seconds(3.2), learner, {20, 1s});
    learner.admitted_while_closed();
    CHECK_FALSE(learner.suspected());
    CHECK_FALSE(learner.possible());
}

TEST_CASE("two open runs of different length tell burst from rate") {
    lockout_learner learner;
    const open_run brief{20, 1s};
    closed_with(seconds(1.5), seconds(3.2), learner, brief);
    CHECK(*learner.rate_after(brief) == doctest::Approx(10));
    const open_run longer{110, 10s};  // a burst of 10 and 10 a second
    closed_with(seconds(0), seconds(3.2), learner, longer);
    CHECK(*learner.rate_after(longer) == doctest::Approx(9.7));
}

TEST_CASE("the same quota in runs of any length is a window, not a lockout") {
    lockout_learner learner;
    const open_run brief{100, 2s};
    closed_with(seconds(1.5), seconds(3.2), learner, brief);
    const open_run longer{100, 10s};
    closed_with(seconds(0), seconds(3.2), learner, longer);
    CHECK_FALSE(learner.rate_after(longer));
    CHECK_FALSE(learner.suspected());
}

TEST_CASE("a cycle, closed time included, measures the rate") {
    window_learner windows;
    windows.closing(std::nullopt);
    CHECK(windows.reopened({600, 10s, 8s, true}, 0) == doctest::Approx(60));
    CHECK(windows.quota() == 600);
    CHECK(windows.reopened({500, 10s, 5s, false}, 60) == doctest::Approx(50));
    CHECK(windows.quota() == 500);
}

TEST_CASE("a cycle that was hardly closed shows no window") {
    window_learner windows;
    windows.reopened({500, 10s, 100ms, true}, 0);
    windows.reopened({500, 10s, 100ms, false}, 50);
    CHECK_FALSE(windows.quota());
}

TEST_CASE("far more admitted at the start than any bucket saves for so short a closed time shows a window") {
    window_learner windows;
    windows.reopened({560, 1200ms, 200ms, true}, 0);
    CHECK(windows.quota() == 560);
    CHECK_FALSE(window_learner::is_window_like({60, 1200ms, 200ms, true}));  // a bucket of 5/s and its fill
    CHECK_FALSE(
        window_learner::is_window_like({560, 1200ms, 200ms, false}));  // later the rate is known better
}

TEST_CASE("a closed time of a few slots of a slow limit shows no window") {
    window_learner windows;
    windows.reopened({20, 20s, 4s, true}, 0);
    CHECK_FALSE(windows.quota());
    windows.reopened({20, 20s, 6s, false}, 1);
    CHECK(windows.quota() == 20);
}

TEST_CASE("a quota is used up after about as many admissions, and the next window begins where it ends") {
    window_learner windows;
    CHECK_FALSE(windows.used_up_by(0));
    windows.reopened({500, 10s, 5s, true}, 0);
    windows.reopened({500, 11s, 5s, false}, 50);
    CHECK(windows.used_up_by(490));
    CHECK(windows.used_up_by(510));
    CHECK_FALSE(windows.used_up_by(400));
    CHECK_FALSE(windows.used_up_by(700));
    CHECK(windows.shortest_span() == seconds(10));
}

TEST_CASE("what rejections measured before it closed is not lowered by one closed time") {
    window_learner windows;
    windows.closing(50);
    CHECK(windows.reopened({100, 10s, 5s, false}, 50) == doctest::Approx(50));
}

TEST_CASE("times too short to measure halve the rate from the fourth in a row") {
    window_learner windows;
    windows.closing(40);
    const window_learner::cycle brief{3, 1s, 500ms, false};
    CHECK_FALSE(window_learner::is_whole(brief));
    for (int each = 0; each < 3; ++each) CHECK(windows.reopened(brief, 40) == doctest::Approx(40));
    CHECK(windows.reopened(brief, 40) == doctest::Approx(20));
    CHECK(windows.reopened(brief, 20) == doctest::Approx(10));
}

TEST_CASE("a quota that is contradicted again and again is forgotten") {
    window_learner windows;
    windows.reopened({500, 10s, 5s, true}, 0);
    windows.reopened({500, 10s, 5s, false}, 50);
    REQUIRE(windows.quota());
    windows.check(100);
    windows.check(100);
    windows.check(490);
    windows.check(100);
    windows.check(100);
    CHECK(windows.quota());
    windows.check(100);
    CHECK_FALSE(windows.quota());
}
