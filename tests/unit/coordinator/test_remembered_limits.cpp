#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>

#include "pacing/measured/concurrency_learner.hpp"
#include "pacing/measured/limit_testing.hpp"
#include "pacing/measured/lockout_learner.hpp"
#include "pacing/measured/unmet_limit.hpp"
#include "pacing/measured/window_learner.hpp"
#include "stagger/coordinator.hpp"
#include "stagger/remembered_limits.hpp"
#include "unit/pacing/sends.hpp"

using namespace sends;
using stagger::action;
using stagger::coordinator;
using stagger::coordinator_mode;
using stagger::coordinator_options;
using stagger::limit_kind;
using stagger::limit_testing;
using stagger::remembered_limits;
using stagger::round_trip;

namespace {

/// Every part known, and sound.
remembered_limits whole() {
    remembered_limits limits;
    limits.kind = limit_kind::rate;
    limits.rate_per_s = 50;
    limits.burst = 10;
    limits.quota = 3000;
    limits.window = 60s;
    limits.in_flight = 64;
    limits.silence = 3s;
    return limits;
}

std::string broken_field(const std::function<void(remembered_limits&)>& change) {
    remembered_limits limits = whole();
    change(limits);
    const auto broken = broken_rule(limits);
    return broken ? std::string(broken->field) : "";
}

round_trip trip() {
    round_trip rtt;
    rtt.sample(50ms);
    return rtt;
}

stagger::send_record filling(unsigned in_flight) {
    stagger::send_record sent;
    sent.in_flight = in_flight;
    return sent;
}

}  // namespace

TEST_CASE("kinds have names") {
    CHECK(to_string(limit_kind::rate) == "rate");
    CHECK(to_string(limit_kind::window) == "window");
    CHECK(to_string(limit_kind::concurrency) == "concurrency");
    CHECK(to_string(limit_kind::lockout) == "lockout");
    CHECK(to_string(limit_kind::none) == "none");
}

TEST_CASE("limits that cannot be started from are named by field") {
    CHECK(broken_field([](remembered_limits&) {}).empty());
    CHECK(broken_field([](auto& all) { all.rate_per_s = 0; }) == "rate_per_s");
    CHECK(broken_field([](auto& all) { all.rate_per_s = std::nan(""); }) == "rate_per_s");
    CHECK(broken_field([](auto& all) { all.rate_per_s = 1e7; }) == "rate_per_s");
    CHECK(broken_field([](auto& all) { all.burst = 0.5; }) == "burst");
    CHECK(broken_field([](auto& all) { all.quota = std::nan(""); }) == "quota");
    CHECK(broken_field([](auto& all) { all.window = 0s; }) == "window_s");
    CHECK(broken_field([](auto& all) { all.window = stagger::duration::max(); }) == "window_s");
    CHECK(broken_field([](auto& all) { all.in_flight = 1e10; }) == "in_flight");
    CHECK(broken_field([](auto& all) { all.silence = -1s; }) == "silence_s");
    CHECK(broken_field([](auto& all) {
              all.kind = limit_kind::concurrency;
              all.in_flight.reset();
          }) == "in_flight");
    CHECK(broken_field([](auto& all) {
              all.kind = limit_kind::lockout;
              all.silence.reset();
          }) == "silence_s");
    CHECK(broken_field([](auto& all) {
              all = {};
              all.rate_per_s = 1;
          }).empty());
}

TEST_CASE("limits that can be started from are what can be started from of them") {
    remembered_limits limits = whole();
    for (const auto kind :
         {limit_kind::rate, limit_kind::window, limit_kind::concurrency, limit_kind::lockout}) {
        limits.kind = kind;
        CHECK(startable_part(limits) == limits);
    }
    limits = {};
    limits.rate_per_s = 1;
    CHECK(startable_part(limits) == limits);
}

TEST_CASE("what exceeds a bound is cut to it, and what is no number or no span is left out") {
    const auto part = [](const std::function<void(remembered_limits&)>& change) {
        remembered_limits limits = whole();
        change(limits);
        const auto kept = startable_part(limits);
        REQUIRE(kept);
        CHECK_FALSE(broken_rule(*kept));
        return *kept;
    };
    CHECK(part([](auto& all) { all.rate_per_s = 2e9; }).rate_per_s == 1e6);
    CHECK(part([](auto& all) { all.rate_per_s = HUGE_VAL; }).rate_per_s == 1e6);
    CHECK(part([](auto& all) { all.burst = 1e300; }).burst == 1e9);
    CHECK_FALSE(part([](auto& all) { all.burst = std::nan(""); }).burst);
    CHECK_FALSE(part([](auto& all) { all.quota = 0.5; }).quota);
    CHECK(part([](auto& all) { all.window = 24h * 1000; }).window == 24h * 7);
    CHECK_FALSE(part([](auto& all) { all.window = -1s; }).window);
    const auto abrupt = part([](auto& all) {
        all.kind = limit_kind::lockout;
        all.silence = 0s;
    });
    CHECK(abrupt.kind == limit_kind::rate);
    CHECK_FALSE(abrupt.silence);
    const auto none = part([](auto& all) {
        all.kind = limit_kind::concurrency;
        all.in_flight = 0;
    });
    CHECK(none.kind == limit_kind::rate);
}

TEST_CASE("a lockout learned from an answer that came late can be started from") {
    coordinator core(coordinator_options().max_in_flight(12), 6);
    const auto refused = [&](time_point now, stagger::permit_id permit, stagger::duration retry_after) {
        stagger::hints said;
        said.retry_after = retry_after;
        const time_point earliest = core.throttled(now, permit, said);
        core.resubmit(now, {}, stagger::never, earliest, stagger::retry_cause::throttled);
    };
    core.submit(start, {});
    const action first = core.next(start);
    core.submit(start + 133ms, {});
    core.submit(start + 133ms, {});
    const action second = core.next(start + 133ms);
    core.abandoned(start + 138ms, first.permit);
    refused(start + 138ms, second.permit, 1280ms);
    // Asked for leave later than it could have had it, and told long after that to come back at once.
    const action third = core.next(start + 5578ms);
    REQUIRE(third.what == action::kind::admit);
    refused(start + 20s, third.permit, 0s);
    const auto learned = core.learned(start + 20s);
    if (learned) CHECK_FALSE(broken_rule(*learned));
}

TEST_CASE("a told rate beyond what is ever paced is learned as what can be started from") {
    remembered_limits lockout;
    lockout.kind = limit_kind::lockout;
    lockout.rate_per_s = 10;
    lockout.silence = 3s;
    coordinator core(coordinator_options().requests_per_minute(1e9).remembered(lockout), 1);
    core.submit(start, {});
    const action only = core.next(start);
    REQUIRE(only.what == action::kind::admit);
    core.throttled(start + 50ms, only.permit, {});
    const auto learned = core.learned(start + 50ms);
    if (learned) {
        CHECK_FALSE(broken_rule(*learned));
        CHECK(learned->rate_per_s <= 1e6);
    }
}

TEST_CASE("of limits without a rate there is nothing to start from") {
    for (const double rate : {0.0, -1.0, std::nan("")}) {
        remembered_limits limits = whole();
        limits.rate_per_s = rate;
        CHECK_FALSE(startable_part(limits));
    }
}

TEST_CASE("a limit is tested at any time, or without testing until it is measured") {
    limit_testing usual(0.02, true);
    CHECK(usual.step() == 0.02);
    CHECK(usual.allowed());
    usual.measured();
    CHECK(usual.allowed());

    limit_testing off(0, false);
    CHECK(off.step() == limit_testing::usual_step);
    CHECK(off.allowed());
    off.measured();
    CHECK_FALSE(off.allowed());
    off.look_again();
    CHECK(off.allowed());

    CHECK_FALSE(limit_testing(0, true).allowed());
}

TEST_CASE("a remembered window of requests in flight is measured by its first rejection") {
    send_log log;
    stagger::concurrency_learner learner(0.01);
    learner.remember(640);
    CHECK(learner.limits());
    CHECK(learner.window() == 640);
    CHECK(learner.remembered());
    CHECK_FALSE(learner.confirmed());
    const departure first = add(log, start, outcome::rejected, 50ms, 65);
    CHECK(learner.cut(start + 50ms, first, log, trip()));
    CHECK(learner.window() == 64);
    CHECK(learner.confirmed());
}

TEST_CASE("a remembered window that is filled without a rejection doubles, unless it may not be tested") {
    stagger::concurrency_learner learner(0.01);
    learner.remember(16);
    for (int each = 0; each < 100; ++each) learner.admitted(filling(16), false);
    CHECK(learner.window() == 16);
    for (int each = 0; each < 100; ++each) learner.admitted(filling(10), true);
    CHECK(learner.window() == 16);
    for (int each = 0; each < 7; ++each) learner.admitted(filling(16), true);
    CHECK(learner.window() == 16);
    learner.admitted(filling(16), true);
    CHECK(learner.window() == 32);
}

TEST_CASE("a remembered window is dropped where a steady rate explains the rejections") {
    send_log log;
    stagger::concurrency_learner learner(0.01);
    learner.remember(20);
    time_point now = start;
    bool held = true;
    for (int each = 0; each < 10 && held; ++each) {
        now = accepted(log, now, 20, 100ms);
        const departure rejected = add(log, now += 100ms, outcome::rejected, 50ms, 21);
        held = learner.cut(now + 50ms, rejected, log, trip());
    }
    CHECK_FALSE(held);
    CHECK_FALSE(learner.limits());
}

TEST_CASE("a remembered lockout is known from the beginning, and refuted like any other") {
    stagger::lockout_learner learner;
    learner.remember(3s, 10);
    CHECK(learner.confirmed());
    CHECK(learner.silence() == 3s);
    // A burst of ten, and twenty refilled in two seconds.
    CHECK(*learner.rate_after({30, 2s}) == doctest::Approx(9.7));
    learner.admitted_while_closed();
    CHECK_FALSE(learner.suspected());
}

TEST_CASE("runs too brief to admit more do not look like a window") {
    stagger::lockout_learner learner;
    learner.remember(3s, std::nullopt);
    const stagger::open_run brief{11, seconds(0.1)};
    const stagger::open_run longer{12, seconds(0.3)};
    stagger::closed_phase phase(start, start, 100, seconds(3.3));
    phase.sent(departure{100, start + 4s}, 4s);
    learner.probe_admitted(phase, *phase.out(), brief);
    learner.probe_admitted(phase, *phase.out(), longer);
    CHECK(learner.rate_after(longer));
    CHECK(learner.suspected());
}

TEST_CASE("a remembered quota is believed until it is contradicted") {
    stagger::window_learner windows;
    windows.remember(500);
    CHECK(windows.quota() == 500);
    for (int each = 0; each < 3; ++each) windows.check(100);
    CHECK_FALSE(windows.quota());
}

namespace {

/// Lets `core` admit until the span is over, and counts.
unsigned admitted_in(coordinator& core, time_point& now, stagger::duration span) {
    const time_point end = now + span;
    unsigned count = 0;
    for (;;) {
        const action todo = core.next(now);
        if (todo.what == action::kind::admit) {
            core.accepted(now, todo.permit, {});
            ++count;
        } else if (todo.at > end) {
            now = end;
            return count;
        } else {
            now = todo.at;
        }
    }
}

}  // namespace

TEST_CASE("nothing is learned before anything was measured, nor without a pace that measures") {
    for (const auto kind : {stagger::pacing_kind::ride_the_limit, stagger::pacing_kind::unpaced}) {
        coordinator core(coordinator_options().pacing(kind), 1);
        CHECK_FALSE(core.learned(start));
        time_point now = start;
        for (int each = 0; each < 100; ++each) core.submit(start, {});
        admitted_in(core, now, 1s);
        CHECK_FALSE(core.learned(now));
    }
}

TEST_CASE("what a server admitted without a refusal is remembered, from some hundreds on") {
    stagger::unmet_limit unmet;
    time_point now = start;
    for (int each = 0; each < 300; ++each) unmet.admitted(now += 10ms);
    CHECK_FALSE(unmet.admitted_per_s());
    unmet.admitted(now += 10ms);
    CHECK(unmet.admitted_per_s().value() == doctest::Approx(100));
    SUBCASE("the fastest span counts") {
        for (int each = 0; each < 300; ++each) unmet.admitted(now += 20ms);
        CHECK(unmet.admitted_per_s().value() == doctest::Approx(100));
        for (int each = 0; each < 300; ++each) unmet.admitted(now += 5ms);
        CHECK(unmet.admitted_per_s().value() == doctest::Approx(200));
    }
    SUBCASE("a crowd within a moment is no pace") {
        for (int each = 0; each < 1000; ++each) unmet.admitted(now);
        unmet.admitted(now += 1s);
        CHECK(unmet.admitted_per_s().value() == doctest::Approx(1001));
    }
    SUBCASE("a refusal says that there is a limit") {
        unmet.refused();
        CHECK_FALSE(unmet.admitted_per_s());
        for (int each = 0; each < 1000; ++each) unmet.admitted(now += 1ms);
        CHECK_FALSE(unmet.admitted_per_s());
    }
}

TEST_CASE("where no limit was met the next run starts at the pace that was admitted") {
    time_point now = start;
    coordinator cold{coordinator_options(), 1};
    for (int each = 0; each < 20000; ++each) cold.submit(start, {});
    admitted_in(cold, now, 3s);
    const auto learned = cold.learned(now);
    REQUIRE(learned);
    CHECK(learned->kind == limit_kind::none);
    CHECK(learned->rate_per_s > 1000);
    CHECK(learned->rejections == 0);
    CHECK_FALSE(broken_rule(*learned));

    coordinator warm(coordinator_options().remembered(*learned), 1);
    CHECK(warm.status(now).pace_per_s == doctest::Approx(learned->rate_per_s));
    CHECK(warm.status(now).mode == coordinator_mode::ramp);
    for (int each = 0; each < 500; ++each) warm.submit(now, {});
    admitted_in(warm, now, 3s);
    CHECK_FALSE(warm.learned(now));  // not faster than what is known

    coordinator told(coordinator_options().requests_per_minute(600).remembered(*learned), 1);
    CHECK(told.status(now).pace_per_s <= 10.5);
}

TEST_CASE("without testing a remembered rate is held until told to look again") {
    remembered_limits memory;
    memory.rate_per_s = 100;
    coordinator core(coordinator_options().probing(0).remembered(memory), 1);
    time_point now = start;
    for (int each = 0; each < 20000; ++each) core.submit(start, {});
    admitted_in(core, now, 60s);
    CHECK(admitted_in(core, now, 10s) <= 1000);
    CHECK(core.status(now).pace_per_s == doctest::Approx(99));
    core.probe_again(now);
    admitted_in(core, now, 30s);
    CHECK(core.status(now).pace_per_s > 101);
}

TEST_CASE("with a rate configured, a remembered one is neither used nor tested") {
    remembered_limits memory;
    memory.rate_per_s = 100;
    coordinator core(coordinator_options().requests_per_minute(600).remembered(memory), 1);
    time_point now = start;
    for (int each = 0; each < 2000; ++each) core.submit(start, {});
    CHECK(admitted_in(core, now, 60s) <= 605);  // a few are ahead of schedule
    CHECK_FALSE(core.learned(now));
}
