#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "coordinator/wait_account.hpp"
#include "kept_decisions.hpp"
#include "stagger/coordinator.hpp"

using namespace std::chrono_literals;
using namespace stagger::decisions;
using stagger::action;
using stagger::coordinator;
using stagger::coordinator_mode;
using stagger::coordinator_options;
using stagger::cost;
using stagger::hints;
using stagger::mode_cause;
using stagger::never;
using stagger::pacing_kind;
using stagger::permit_id;
using stagger::retry_cause;
using stagger::task_id;
using stagger::time_point;
using stagger::wait_account;
using stagger::wait_reason;
using stagger::waiting_times;

namespace {

constexpr time_point start = time_point() + 1h;
constexpr cost one{1, 0};

waiting_times waited(std::initializer_list<std::pair<wait_reason, stagger::duration>> spans) {
    waiting_times times;
    for (const auto& [why, span] : spans) times[why] = span;
    return times;
}

/// A coordinator whose decisions are kept.
struct recorded {
    explicit recorded(coordinator_options options = {}) : core(options.recorder(log), 7) {}

    std::shared_ptr<kept_decisions> log = std::make_shared<kept_decisions>();
    coordinator core;
};

/// Without a pace, the reasons to wait are the test's own.
coordinator_options one_at_a_time() {
    return coordinator_options().pacing(pacing_kind::unpaced).max_in_flight(1);
}

}  // namespace

TEST_CASE("waiting times add up by reason") {
    waiting_times sum = waited({{wait_reason::pace, 2s}, {wait_reason::closed, 1s}});
    sum += waited({{wait_reason::pace, 1s}});
    CHECK(sum == waited({{wait_reason::pace, 3s}, {wait_reason::closed, 1s}}));
    CHECK(sum.total() == 4s);
    sum -= waited({{wait_reason::closed, 1s}});
    CHECK(sum == waited({{wait_reason::pace, 3s}}));
}

TEST_CASE("an account splits the time between two readings by what the head waited for") {
    wait_account account;
    CHECK(account.at(start) == waiting_times());
    account.hold(start, wait_reason::pace);
    const waiting_times joined = account.at(start + 1s);
    account.hold(start + 3s, wait_reason::closed);
    waiting_times spent = account.at(start + 7s);
    spent -= joined;
    CHECK(spent == waited({{wait_reason::pace, 2s}, {wait_reason::closed, 4s}}));
}

TEST_CASE("a recorder learns once what its coordinator is made of") {
    recorded own(coordinator_options().max_in_flight(3));
    CHECK(own.log->starts == 1);
    CHECK(own.log->seed == 7);
    CHECK(own.log->max_in_flight == 3);
    CHECK(own.log->records.empty());
}

TEST_CASE("a member that throws in started reaches whoever makes the coordinator") {
    struct refusing final : stagger::decision_recorder {
        void started(const coordinator_options&, std::uint64_t) override { throw std::logic_error("no"); }
        void record(const stagger::decision_record&) noexcept override {}
    };
    const auto options = coordinator_options().recorder(std::make_shared<refusing>());
    CHECK_THROWS_AS(coordinator(options, 1), std::logic_error);
}

TEST_CASE("every call is recorded with its time, its arguments and its answer") {
    recorded own(one_at_a_time());
    hints said;
    said.retry_after = 2s;
    const task_id first = own.core.submit(start, {1, 40}, start + 1min);
    const permit_id permit = own.core.next(start).permit;
    own.core.next(start + 1ms);
    const time_point allowed = own.core.throttled(start + 1s, permit, said);
    const task_id again = own.core.resubmit(start + 1s, {1, 40}, never, allowed, retry_cause::throttled);
    CHECK(own.core.withdraw(start + 2s, again));
    CHECK_FALSE(own.core.withdraw(start + 2s, again));

    const auto& made = own.log->records;
    REQUIRE(made.size() == 7);
    CHECK(made[0].at == start);
    CHECK(made[0].what == stagger::decision(submitted{{1, 40}, start + 1min, first}));
    CHECK(made[1].what == stagger::decision(admitted{first, permit, {}, {}}));
    CHECK(made[2].at == start + 1ms);
    CHECK(made[2].what == stagger::decision(held{never, wait_reason::none}));
    CHECK(made[3].what == stagger::decision(throttled{permit, said, start + 3s}));
    CHECK(made[4].what ==
          stagger::decision(resubmitted{{1, 40}, never, start + 3s, retry_cause::throttled, again}));
    CHECK(made[5].what == stagger::decision(withdrawn{again, true, waited({{wait_reason::own_delay, 1s}})}));
    CHECK(made[6].what == stagger::decision(withdrawn{again, false, {}}));
}

TEST_CASE("the other reports are recorded as well, those of unknown permits are not") {
    recorded own(coordinator_options().pacing(pacing_kind::unpaced));
    std::vector<permit_id> permits;
    for (int each = 0; each < 3; ++each) {
        own.core.submit(start, one);
        permits.push_back(own.core.next(start).permit);
    }
    own.core.accepted(start, permits[0], {});
    own.core.failed(start, permits[1]);
    own.core.abandoned(start, permits[2]);
    own.core.accepted(start, permits[0], {});
    CHECK(own.log->all<accepted>() == std::vector{accepted{permits[0], {}}});
    CHECK(own.log->all<failed>() == std::vector{failed{permits[1]}});
    CHECK(own.log->all<abandoned>() == std::vector{abandoned{permits[2]}});
}

TEST_CASE("an expectation is recorded with the call that follows it, the last one only") {
    recorded own;
    own.core.expect(5);
    own.core.expect(4);
    CHECK(own.log->records.empty());
    own.core.submit(start, one);
    REQUIRE(own.log->records.size() == 2);
    CHECK(own.log->records[0] == stagger::decision_record{start, expected{4}});
}

TEST_CASE("an admission says how long the task waited, and for what") {
    recorded own(one_at_a_time());
    own.core.submit(start, one);
    const permit_id permit = own.core.next(start).permit;
    own.core.submit(start + 1s, one);
    own.core.next(start + 1s);
    own.core.accepted(start + 4s, permit, {});
    own.core.next(start + 4s);
    const auto admissions = own.log->all<admitted>();
    REQUIRE(admissions.size() == 2);
    CHECK(admissions[0].waited == waiting_times());
    CHECK(admissions[1].waited == waited({{wait_reason::in_flight, 3s}}));
}

TEST_CASE("whoever stands behind the head waits for what the head waits for") {
    recorded own(coordinator_options().requests_per_minute(60));
    for (int each = 0; each < 3; ++each) own.core.submit(start, one);
    for (time_point now = start; own.log->all<admitted>().size() < 3;) {
        const action todo = own.core.next(now);
        if (todo.what == action::kind::wait) now = todo.at;
    }
    const auto admissions = own.log->all<admitted>();
    CHECK(admissions[1].waited[wait_reason::pace] == admissions[1].waited.total());
    CHECK(stagger::to_seconds(admissions[1].waited.total()) == doctest::Approx(1).epsilon(0.05));
    CHECK(stagger::to_seconds(admissions[2].waited[wait_reason::pace]) == doctest::Approx(2).epsilon(0.05));
    CHECK(admissions[2].view.pace_per_s == doctest::Approx(1));
}

TEST_CASE("a task's own delay is told apart from what the others wait for meanwhile") {
    recorded own(one_at_a_time());
    own.core.submit(start, one);
    const permit_id refused = own.core.next(start).permit;
    own.core.throttled(start, refused, {});
    const time_point back = start + 1s;  // so late that its place has been given away
    own.core.submit(back, one);
    const permit_id blocking = own.core.next(back).permit;
    own.core.resubmit(back, one, never, back + 5s, retry_cause::throttled);
    for (const auto after : {0s, 5s, 7s}) own.core.next(back + after);
    own.core.accepted(back + 8s, blocking, {});
    own.core.next(back + 8s);
    const auto admissions = own.log->all<admitted>();
    REQUIRE(admissions.size() == 3);
    CHECK(admissions[2].waited == waited({{wait_reason::own_delay, 5s}, {wait_reason::in_flight, 3s}}));
}

TEST_CASE("a retry that the budget holds back is explained by it, though the line moves on") {
    recorded own(coordinator_options().pacing(pacing_kind::unpaced).max_in_flight(2));
    const auto fail_one = [&](time_point now) {
        own.core.resubmit(now, one, never, now, retry_cause::accident);
        return own.core.next(now).permit;
    };
    // 500 points at 5 a retry: the hundredth empties the budget, one more goes unfunded.
    for (int each = 0; each < 100; ++each) own.core.failed(start, fail_one(start));
    fail_one(start);
    own.core.submit(start, one);
    own.core.next(start);
    own.core.resubmit(start, one, never, start, retry_cause::accident);
    own.core.next(start);
    own.core.next(start + 5s);
    own.core.failed(start + 5s, own.log->all<admitted>().back().permit);
    own.core.next(start + 5s);
    const auto last = own.log->all<admitted>().back();
    CHECK(last.waited.total() == 5s);
    CHECK(last.waited[wait_reason::retry_budget] == 5s);
}

TEST_CASE("a task that expires is explained, too") {
    recorded own(one_at_a_time());
    own.core.submit(start, one);
    own.core.next(start);
    const task_id late = own.core.submit(start, one, start + 2s);
    own.core.next(start);
    own.core.next(start + 2s);
    CHECK(own.log->all<expired>() == std::vector{expired{late, waited({{wait_reason::in_flight, 2s}})}});
}

TEST_CASE("time in which nobody asked is nobody's reason") {
    recorded own;
    own.core.submit(start, one);
    own.core.next(start + 2s);
    CHECK(own.log->all<admitted>().at(0).waited == waited({{wait_reason::none, 2s}}));
}

TEST_CASE("a change of mode is recorded behind the call that caused it") {
    recorded own;
    time_point now = start;
    while (own.log->all<mode_changed>().empty()) {  // a few refusals could be chance's
        REQUIRE(now < start + 10s);
        now += 1s;
        own.core.submit(now, one);
        const permit_id permit = own.core.next(now).permit;
        now += 50ms;
        own.core.throttled(now, permit, {});
    }
    const auto changes = own.log->all<mode_changed>();
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].from == coordinator_mode::ramp);
    CHECK(changes[0].because == mode_cause::rejection);
    const auto status = own.core.status(now);
    CHECK(changes[0].view.mode == status.mode);
    CHECK(changes[0].view.pace_per_s == status.pace_per_s);
    const auto& made = own.log->records;
    CHECK(std::holds_alternative<throttled>(made[made.size() - 2].what));
}

TEST_CASE("a recorder changes no decision") {
    const auto admissions = [](const coordinator_options& options) {
        coordinator core(options, 3);
        for (int each = 0; each < 200; ++each) core.submit(start, one);
        std::vector<time_point> times;
        time_point now = start;
        while (times.size() < 200) {
            const action todo = core.next(now);
            if (todo.what == action::kind::admit) {
                times.push_back(now);
                core.accepted(now, todo.permit, {});
            } else {
                now = todo.at;
            }
        }
        return times;
    };
    CHECK(admissions({}) == admissions(coordinator_options().recorder(std::make_shared<kept_decisions>())));
}
