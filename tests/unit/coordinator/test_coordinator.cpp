#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "stagger/coordinator.hpp"

using namespace std::chrono_literals;
using stagger::action;
using stagger::coordinator;
using stagger::coordinator_mode;
using stagger::coordinator_options;
using stagger::cost;
using stagger::duration;
using stagger::hints;
using stagger::never;
using stagger::permit_id;
using stagger::remembered_limits;
using stagger::retry_cause;
using stagger::task_id;
using stagger::time_point;
using stagger::wait_reason;

namespace {

constexpr time_point start = time_point() + 1h;
constexpr cost one{1, 0};

/// A driver with a clock of its own: it asks at every time the coordinator names, and notes who goes when.
struct driver {
    struct sent {
        task_id task;
        permit_id permit;
        time_point at;
    };

    explicit driver(const coordinator_options& options, std::uint64_t seed = 1) : core(options, seed) {}

    /// Lets time pass, admitting whoever may go.
    void run_until(time_point end) {
        while (true) {
            const action todo = core.next(now);
            if (todo.what == action::kind::admit) {
                log.push_back({todo.task, todo.permit, now});
            } else if (todo.what == action::kind::expire) {
                expired.push_back(todo.task);
            } else {
                why = todo.why;
                if (todo.what == action::kind::idle || todo.at > end) break;
                REQUIRE(todo.at > now);
                now = todo.at;
            }
        }
        now = end;
    }
    void run_for(duration span) { run_until(now + span); }
    void submit(unsigned count) {
        for (unsigned each = 0; each < count; ++each) core.submit(now, one);
    }
    time_point reject(const sent& which, std::optional<duration> retry_after = {}) {
        hints said;
        said.retry_after = retry_after;
        const time_point allowed = core.throttled(now, which.permit, said);
        core.resubmit(now, one, never, allowed, retry_cause::throttled);
        return allowed;
    }
    void accept(const sent& which) { core.accepted(now, which.permit, {}); }
    coordinator_mode mode() const { return core.status(now).mode; }

    coordinator core;
    time_point now = start;
    std::vector<sent> log;
    std::vector<task_id> expired;
    wait_reason why = wait_reason::none;
};

std::string message_of(void (*set)(coordinator_options&)) {
    coordinator_options options;
    try {
        set(options);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return {};
}

}  // namespace

TEST_CASE("options outside their range are refused by name, rule and value") {
    using options = coordinator_options;
    CHECK(message_of([](options& o) { o.max_in_flight(0); }).find("max_in_flight") != std::string::npos);
    CHECK(message_of([](options& o) { o.requests_per_minute(-1); }).find("-1") != std::string::npos);
    CHECK(message_of([](options& o) { o.tokens_per_minute(std::nan("")); }).find("tokens_per_minute") !=
          std::string::npos);
    CHECK(message_of([](options& o) { o.probing(0.5); }).find("[0.001, 0.2]") != std::string::npos);
    CHECK(message_of([](options& o) { o.retry_after_cap(0s); }).find("retry_after_cap") != std::string::npos);
    CHECK(message_of([](options& o) { o.prompt_refused_after(0s); }).find("prompt_refused_after") !=
          std::string::npos);
    CHECK(message_of([](options& o) { o.remembered({}); }).find("rate_per_s") != std::string::npos);
    CHECK(message_of([](options& o) { o.initial_rate(0); }).find("initial_rate") != std::string::npos);
    CHECK(message_of([](options& o) { o.probing(0.001).probing(0.2).max_in_flight(1); }).empty());
}

TEST_CASE("a cost that cannot be reckoned with is refused where it is set") {
    coordinator one({}, 1);
    for (const double wrong : {std::nan(""), HUGE_VAL, -HUGE_VAL, -1.0}) {
        for (const auto member :
             {&cost::requests, &cost::tokens, &cost::prompt_tokens, &cost::open_answers}) {
            cost what;
            what.*member = wrong;
            CHECK_THROWS_AS(what.validate(), std::invalid_argument);
            CHECK_THROWS_AS(one.submit(time_point(), what), std::invalid_argument);
            CHECK_THROWS_AS(one.resubmit(time_point(), what, never, time_point(), retry_cause::accident),
                            std::invalid_argument);
        }
    }
    CHECK(one.next(time_point()).what == action::kind::idle);
}

TEST_CASE("a new coordinator is idle, and the first request goes at once") {
    driver drive({});
    drive.run_for(1s);
    CHECK(drive.log.empty());
    CHECK(drive.why == wait_reason::none);
    drive.submit(1);
    drive.run_for(1ms);
    CHECK(drive.log.size() == 1);
}

TEST_CASE("requests leave one slot apart, in the order of submission") {
    driver drive(coordinator_options().initial_rate(10));
    drive.submit(3);
    drive.run_for(250ms);
    REQUIRE(drive.log.size() == 3);
    CHECK(drive.log[0].at == start);
    for (std::size_t each = 1; each < 3; ++each) {
        CHECK(drive.log[each].task > drive.log[each - 1].task);
        CHECK(drive.log[each].at - drive.log[each - 1].at >= 90ms);
    }
}

TEST_CASE("no more in flight than allowed; each report makes room") {
    driver drive(coordinator_options().max_in_flight(2).initial_rate(1000));
    drive.submit(5);
    drive.run_for(1s);
    CHECK(drive.log.size() == 2);
    CHECK(drive.why == wait_reason::in_flight);
    drive.accept(drive.log[0]);
    drive.core.abandoned(drive.now, drive.log[1].permit);
    drive.run_for(1s);
    CHECK(drive.log.size() == 4);
    drive.core.failed(drive.now, drive.log[2].permit);
    drive.run_for(1s);
    CHECK(drive.log.size() == 5);
    const auto status = drive.core.status(drive.now);
    CHECK(status.accepted == 1);
    CHECK(status.abandoned == 1);
    CHECK(status.failed == 1);
    CHECK(status.in_flight == 2);
    CHECK(status.admitted == 5);
}

TEST_CASE("rejections of one round cut the pace once") {
    driver drive(coordinator_options().initial_rate(100));
    drive.submit(1000);
    drive.run_for(200ms);
    const std::size_t sent = drive.log.size();
    REQUIRE(sent > 10);
    for (std::size_t each = 0; each < sent - 4; ++each) drive.accept(drive.log[each]);
    const auto pace = [&] { return drive.core.status(drive.now).pace_per_s; };
    const double before = pace();
    std::size_t rejected = sent - 4;
    while (pace() == before) {  // one or two could be chance's
        REQUIRE(rejected < sent - 1);
        drive.reject(drive.log[rejected++]);
    }
    const double after = pace();
    CHECK(after < before);
    // What was admitted in the first 200 ms may all have been saved.
    CHECK(after >= before / 10);
    drive.now += 1ms;
    while (rejected < sent) drive.reject(drive.log[rejected++]);
    CHECK(pace() == after);
    CHECK(drive.mode() == coordinator_mode::search);
}

TEST_CASE("rejections spread over several round trips close, and one probe goes at a time") {
    driver drive(coordinator_options().initial_rate(20));
    drive.submit(1000);
    drive.run_for(1ms);
    std::size_t answered = 0;
    for (int each = 0; each < 200 && drive.mode() != coordinator_mode::closed; ++each) {
        drive.run_for(20ms);
        while (answered < drive.log.size()) drive.reject(drive.log[answered++]);
    }
    REQUIRE(drive.mode() == coordinator_mode::closed);
    for (int each = 0; each < 10; ++each) {
        const std::size_t before = drive.log.size();
        for (int wait = 0; wait < 400 && drive.log.size() == before; ++wait) drive.run_for(10ms);
        REQUIRE(drive.log.size() == before + 1);
        drive.run_for(10ms);
        CHECK(drive.log.size() == before + 1);
        CHECK(drive.why == wait_reason::closed);
        drive.reject(drive.log.back());
        CHECK(drive.mode() == coordinator_mode::closed);
    }
}

TEST_CASE("a Retry-After closes: one probe at its end, then everyone else one by one") {
    driver drive(coordinator_options().initial_rate(20));
    drive.submit(50);
    drive.run_for(400ms);
    REQUIRE(drive.log.size() > 4);
    const std::size_t before = drive.log.size();
    time_point allowed{};
    const time_point told = drive.now;
    for (std::size_t each = 0; each < before - 3; ++each) drive.accept(drive.log[each]);
    for (std::size_t each = before - 3; each < before; ++each) allowed = drive.reject(drive.log[each], 2s);
    CHECK(allowed == told + 2s);
    CHECK(drive.mode() == coordinator_mode::closed);

    // One trial may test the announced end early; it is refused too.
    while (drive.now < told + 1900ms) {
        drive.run_for(10ms);
        if (drive.log.size() > before) break;
    }
    const std::size_t trials = drive.log.size() - before;
    if (trials == 1) drive.reject(drive.log.back(), told + 2s - drive.now);
    drive.run_until(told + 1900ms);
    CHECK(trials <= 1);
    CHECK(drive.log.size() == before + trials);

    drive.run_until(told + 2030ms);
    REQUIRE(drive.log.size() == before + trials + 1);
    CHECK(drive.log.back().at >= told + 2s);
    drive.accept(drive.log.back());
    drive.run_for(2s);
    REQUIRE(drive.log.size() > before + trials + 5);
    for (std::size_t each = before + trials + 1; each < drive.log.size(); ++each) {
        CHECK(drive.log[each].at > drive.log[each - 1].at + 10ms);
    }
}

TEST_CASE("a Retry-After longer than the cap is capped") {
    driver drive(coordinator_options().retry_after_cap(10s));
    drive.submit(1);
    drive.run_for(1ms);
    const time_point told = drive.now;
    CHECK(drive.reject(drive.log[0], 1h) == told + 10s);
    drive.run_for(9s);
    CHECK(drive.log.size() == 1);
    CHECK(drive.why == wait_reason::own_delay);
    drive.run_for(2s);
    CHECK(drive.log.size() == 2);
    CHECK(drive.core.status(drive.now).hints_cut == 1);
    drive.reject(drive.log[1], 10s);
    CHECK(drive.core.status(drive.now).hints_cut == 1);
}

TEST_CASE("the task that got a Retry-After never goes earlier, even when the hint is refuted") {
    driver drive(coordinator_options().initial_rate(50));
    drive.submit(100);
    drive.run_for(100ms);
    REQUIRE(drive.log.size() > 3);
    const time_point told = drive.now;
    drive.core.throttled(drive.now, drive.log[0].permit, hints{5s, {}, {}});
    const task_id held = drive.core.resubmit(drive.now, one, never, told + 5s, retry_cause::throttled);
    drive.accept(drive.log[1]);  // sent after it, and admitted: the hint is coarse
    drive.run_until(told + 4900ms);
    CHECK(drive.log.size() > 20);
    const auto is_held = [&](const driver::sent& each) { return each.task == held; };
    CHECK(std::none_of(drive.log.begin(), drive.log.end(), is_held));
    drive.submit(100);
    drive.run_until(told + 6s);
    const auto found = std::find_if(drive.log.begin(), drive.log.end(), is_held);
    REQUIRE(found != drive.log.end());
    CHECK(found->at >= told + 5s);
    CHECK(found->at <= told + 5200ms);  // and then before every first attempt
}

TEST_CASE("retries go before first attempts") {
    driver drive(coordinator_options().initial_rate(10));
    drive.submit(10);
    drive.run_for(150ms);
    drive.core.throttled(drive.now, drive.log[0].permit, {});
    const task_id retry = drive.core.resubmit(drive.now, one, never, drive.now, retry_cause::throttled);
    const std::size_t before = drive.log.size();
    drive.run_for(500ms);
    REQUIRE(drive.log.size() > before);
    CHECK(drive.log[before].task == retry);
}

TEST_CASE("a configured rate is kept from the first request and never tested") {
    driver drive(coordinator_options().requests_per_minute(600).max_in_flight(100000));
    drive.submit(2000);
    CHECK(drive.mode() == coordinator_mode::ride);
    for (int minute = 1; minute <= 3; ++minute) {
        drive.run_until(start + minute * 1min);
        CHECK(drive.log.size() <= static_cast<std::size_t>(minute) * 600 + 4);
        CHECK(drive.log.size() >= static_cast<std::size_t>(minute) * 600 - 5);
        for (const auto& each : drive.log) drive.accept(each);
    }
    CHECK_FALSE(drive.core.status(drive.now).measured_per_s);
}

TEST_CASE("a remembered rate begins a little below it, without a ramp, and is tested") {
    remembered_limits remembered;
    remembered.rate_per_s = 100;
    driver drive(coordinator_options().remembered(remembered).max_in_flight(100000));
    drive.submit(5000);
    drive.run_for(1s);
    CHECK(drive.mode() == coordinator_mode::ride);
    CHECK(drive.log.size() >= 90);
    CHECK(drive.log.size() <= 101);
    CHECK_FALSE(drive.core.status(drive.now).measured_per_s);
    drive.run_for(20s);
    CHECK(drive.core.status(drive.now).pace_per_s > 100);
}

TEST_CASE("a token budget paces by what requests cost") {
    driver drive(coordinator_options().tokens_per_minute(6000).initial_rate(1000).max_in_flight(1000));
    for (int each = 0; each < 100; ++each) drive.core.submit(start, {1, 50});
    drive.run_until(start + 10s);
    CHECK(drive.log.size() >= 20);
    CHECK(drive.log.size() <= 22);
}

TEST_CASE("accidents do not move the rate") {
    driver drive(coordinator_options().initial_rate(50));
    drive.submit(400);
    drive.run_for(5s);
    const double before = drive.core.status(drive.now).pace_per_s;
    for (std::size_t each = 0; each < drive.log.size(); ++each) {
        if (each % 5 != 2) {
            drive.accept(drive.log[each]);
        } else {
            drive.core.failed(drive.now, drive.log[each].permit);
        }
    }
    CHECK(drive.core.status(drive.now).pace_per_s >= before);
    CHECK(drive.mode() != coordinator_mode::closed);
}

TEST_CASE("where most attempts fail from some pace on, that is a limit's doing") {
    driver drive(coordinator_options().initial_rate(50));
    drive.submit(1000);
    drive.run_for(2s);
    const std::size_t slow = drive.log.size() / 2;
    const double before = drive.core.status(drive.now).pace_per_s;
    for (std::size_t each = 0; each < drive.log.size(); ++each) {
        if (each < slow || each % 4 == 0) {
            drive.accept(drive.log[each]);
        } else {
            drive.core.failed(drive.now, drive.log[each].permit);
        }
    }
    CHECK(drive.core.status(drive.now).pace_per_s < 0.6 * before);
    CHECK(drive.mode() == coordinator_mode::search);
}

TEST_CASE("when every recent attempt failed, one probe goes at a time until one succeeds") {
    driver drive(coordinator_options().initial_rate(50));
    drive.submit(400);
    drive.run_for(1s);
    REQUIRE(drive.log.size() > 20);
    const std::size_t before = drive.log.size();
    for (const auto& each : drive.log) drive.core.failed(drive.now, each.permit);
    CHECK(drive.mode() == coordinator_mode::closed);
    drive.run_for(500ms);
    CHECK(drive.log.size() == before + 1);
    drive.core.failed(drive.now, drive.log.back().permit);
    CHECK(drive.mode() == coordinator_mode::closed);
    for (int wait = 0; wait < 100 && drive.log.size() == before + 1; ++wait) drive.run_for(100ms);
    REQUIRE(drive.log.size() == before + 2);
    drive.accept(drive.log.back());
    CHECK(drive.mode() != coordinator_mode::closed);
    drive.run_for(1s);
    CHECK(drive.log.size() > before + 10);
}

TEST_CASE("while the retry budget is empty, retries of accidents go one at a time") {
    driver drive(coordinator_options().pacing(stagger::pacing_kind::unpaced).max_in_flight(1000));
    std::size_t failed = 0;
    drive.submit(110);
    drive.run_for(1ms);
    for (; failed < 110; ++failed) {
        drive.core.failed(drive.now, drive.log[failed].permit);
        drive.core.resubmit(drive.now, one, never, drive.now, retry_cause::accident);
    }
    drive.run_for(1ms);
    CHECK(drive.log.size() == 110 + 100 + 1);  // what the budget affords, and one more
    CHECK(drive.why == wait_reason::retry_budget);

    drive.submit(1);  // others are not held back
    drive.run_for(1ms);
    CHECK(drive.log.size() == 212);

    drive.core.failed(drive.now, drive.log[210].permit);
    drive.run_for(1ms);
    CHECK(drive.log.size() == 213);
    drive.run_for(6s);  // it drips one a second, a retry costs five
    CHECK(drive.log.size() == 214);
}

TEST_CASE("behind an empty retry budget, retries that succeed let ever more of the others go") {
    driver drive(coordinator_options().pacing(stagger::pacing_kind::unpaced).max_in_flight(1000));
    drive.submit(200);
    drive.run_for(1ms);
    for (std::size_t each = 0; each < 200; ++each) {
        drive.core.failed(drive.now, drive.log[each].permit);
        drive.core.resubmit(drive.now, one, never, drive.now, retry_cause::accident);
    }
    drive.run_for(1ms);
    REQUIRE(drive.log.size() == 200 + 100 + 1);
    // Each of them pays for itself again, and all of them for some more.
    for (std::size_t each = 200; each < 301; ++each)
        drive.core.accepted(drive.now, drive.log[each].permit, {});
    drive.run_for(1ms);
    CHECK(drive.log.size() == 400);
    CHECK(drive.core.status(drive.now).waiting == 0);
}

TEST_CASE("a deadline ends the wait") {
    driver drive(coordinator_options().initial_rate(1));
    drive.submit(1);
    const task_id late = drive.core.submit(start, one, start + 500ms);
    drive.submit(1);
    drive.run_for(5s);
    REQUIRE(drive.expired.size() == 1);
    CHECK(drive.expired[0] == late);
    CHECK(drive.log.size() == 2);
}

TEST_CASE("a withdrawn task does not go, and is withdrawn once") {
    driver drive(coordinator_options().initial_rate(1));
    drive.submit(1);
    drive.run_for(1ms);
    const task_id gone = drive.core.submit(drive.now, one);
    CHECK(drive.core.withdraw(drive.now, gone));
    CHECK_FALSE(drive.core.withdraw(drive.now, gone));
    CHECK_FALSE(drive.core.withdraw(drive.now, drive.log[0].task));
    drive.run_for(5s);
    CHECK(drive.log.size() == 1);
}

TEST_CASE("without a pace everyone goes at once, up to the bound") {
    driver drive(coordinator_options().pacing(stagger::pacing_kind::unpaced).max_in_flight(30));
    drive.submit(100);
    drive.run_for(1ms);
    CHECK(drive.log.size() == 30);
    CHECK(std::all_of(drive.log.begin(), drive.log.end(), [](const auto& each) { return each.at == start; }));
}

TEST_CASE("the same calls give the same actions, another seed other slots") {
    const auto slots = [](std::uint64_t seed) {
        driver drive(coordinator_options().initial_rate(20), seed);
        drive.submit(100);
        drive.run_for(2s);
        drive.reject(drive.log.back());
        drive.run_for(2s);
        std::vector<time_point> times;
        for (const auto& each : drive.log) times.push_back(each.at);
        return times;
    };
    CHECK(slots(1) == slots(1));
    CHECK(slots(1) != slots(2));
}

TEST_CASE("a million tasks are cancelled in linear time and memory is used again") {
    coordinator core({}, 1);
    std::vector<task_id> tasks;
    for (int each = 0; each < 1000000; ++each) tasks.push_back(core.submit(start, one, start + 1h));
    for (const task_id each : tasks) REQUIRE(core.withdraw(start, each));
    CHECK(core.next(start).what == action::kind::idle);
    CHECK(core.status(start).waiting == 0);
}

TEST_CASE("an answer that has begun is admitted, and keeps its place until any report or none ends it") {
    using ending = void (*)(coordinator&, time_point, permit_id);
    const ending endings[] = {
        [](coordinator& core, time_point now, permit_id permit) { core.accepted(now, permit, {}); },
        [](coordinator& core, time_point now, permit_id permit) { core.failed(now, permit); },
        [](coordinator& core, time_point now, permit_id permit) { core.abandoned(now, permit); },
        [](coordinator& core, time_point now, permit_id permit) { core.throttled(now, permit, {}); }};
    for (const ending end : endings) {
        driver drive(coordinator_options().max_in_flight(1).initial_rate(1000));
        drive.submit(2);
        drive.run_for(1s);
        REQUIRE(drive.log.size() == 1);
        drive.core.answering(drive.now, drive.log[0].permit, {});
        drive.core.answering(drive.now, drive.log[0].permit, {});
        drive.run_for(1s);
        CHECK(drive.log.size() == 1);
        CHECK(drive.why == wait_reason::in_flight);
        CHECK(drive.core.status(drive.now).accepted == 1);
        end(drive.core, drive.now, drive.log[0].permit);
        drive.run_for(1s);
        CHECK(drive.log.size() == 2);
        const auto status = drive.core.status(drive.now);
        CHECK(status.accepted == 1);
        CHECK(status.failed + status.abandoned + status.throttled == 0);
        CHECK(status.in_flight == 1);
    }
}

TEST_CASE("a probe whose answer begins ends the silence, before the answer ends") {
    driver drive(coordinator_options().initial_rate(100));
    drive.submit(20);
    drive.run_for(30ms);
    REQUIRE(drive.log.size() >= 2);
    for (std::size_t each = 0; each < drive.log.size(); ++each) drive.reject(drive.log[each], 1s);
    std::size_t seen = drive.log.size();
    for (int round = 0; round < 100 && drive.mode() != coordinator_mode::closed; ++round) {
        drive.run_for(50ms);
        for (; seen < drive.log.size(); ++seen) drive.reject(drive.log[seen], 1s);
    }
    REQUIRE(drive.mode() == coordinator_mode::closed);
    for (int round = 0; round < 1000 && drive.log.size() == seen; ++round) drive.run_for(10ms);
    REQUIRE(drive.log.size() == seen + 1);
    drive.core.answering(drive.now, drive.log.back().permit, {});
    CHECK(drive.mode() != coordinator_mode::closed);
    CHECK(drive.core.status(drive.now).in_flight == 1);
}

TEST_CASE("an outcome reported twice is ignored") {
    driver drive({});
    drive.submit(1);
    drive.run_for(1ms);
    drive.accept(drive.log[0]);
    drive.accept(drive.log[0]);
    CHECK(drive.core.throttled(drive.now, drive.log[0].permit, {}) == drive.now);
    CHECK(drive.core.status(drive.now).accepted == 1);
    CHECK(drive.core.status(drive.now).throttled == 0);
}

TEST_CASE("names of modes and reasons") {
    CHECK(to_string(coordinator_mode::ramp) == "ramp");
    CHECK(to_string(coordinator_mode::closed) == "closed");
    CHECK(to_string(wait_reason::retry_after) == "retry_after");
    CHECK(to_string(wait_reason::own_delay) == "own_delay");
    CHECK(to_string(wait_reason::kind_refused) == "kind_refused");
}
