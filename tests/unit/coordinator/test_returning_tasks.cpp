#include <doctest/doctest.h>

#include "coordinator/returning_tasks.hpp"
#include "stagger/coordinator.hpp"

using namespace std::chrono_literals;
using stagger::action;
using stagger::coordinator;
using stagger::coordinator_options;
using stagger::never;
using stagger::pacing_kind;
using stagger::returning_tasks;
using stagger::time_point;

namespace {

constexpr time_point start = time_point() + 1h;
constexpr stagger::cost one{1, 0};

}  // namespace

TEST_CASE("a task that has left counts until it is back, and no longer than a moment") {
    returning_tasks tasks;
    CHECK(tasks.count(start) == 0);
    CHECK(tasks.forgotten_at() == never);
    tasks.left(start);
    tasks.left(start);
    CHECK(tasks.count(start) == 2);
    tasks.rejoined();
    CHECK(tasks.count(start) == 1);
    CHECK(tasks.forgotten_at() == start + 1ms);
    CHECK(tasks.count(start + 1ms) == 0);
    tasks.rejoined();  // later than that
    CHECK(tasks.count(start + 1ms) == 0);
    tasks.left(start + 5ms);
    CHECK(tasks.count(start + 5ms) == 1);
}

TEST_CASE("the place of a refused task is not given away before it is back") {
    coordinator core(coordinator_options().pacing(pacing_kind::unpaced).max_in_flight(1), 1);
    core.submit(start, one);
    core.submit(start, one);
    const auto refused = core.next(start).permit;
    core.throttled(start + 1s, refused, {});
    const action meanwhile = core.next(start + 1s);
    CHECK(meanwhile.what == action::kind::wait);
    CHECK(meanwhile.at == start + 1001ms);
    const auto back = core.resubmit(start + 1s, one, never, start + 3s, stagger::retry_cause::throttled);
    CHECK(core.next(start + 2s).what == action::kind::wait);
    const action again = core.next(start + 3s);
    CHECK(again.task == back);
    core.accepted(start + 4s, again.permit, {});
    CHECK(core.next(start + 4s).what == action::kind::admit);
}

TEST_CASE("the place of a task that gave up is free after a moment") {
    coordinator core(coordinator_options().pacing(pacing_kind::unpaced).max_in_flight(1), 1);
    core.submit(start, one);
    core.submit(start, one);
    core.throttled(start + 1s, core.next(start).permit, {});
    CHECK(core.next(start + 1s).what == action::kind::wait);
    CHECK(core.next(start + 1001ms).what == action::kind::admit);
}
