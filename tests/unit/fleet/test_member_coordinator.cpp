// A coordinator whose pacing is a fleet's.

#include <doctest/doctest.h>

#include "fleet/message.hpp"
#include "stagger/coordinator.hpp"

using namespace stagger;
using namespace std::chrono_literals;

namespace {

const time_point start = time_point{} + 1h;

std::string beat(fleet::term_number term) {
    return format(fleet::heartbeat{term, 100, 4, coordinator_mode::ride, true, false, {}});
}

}  // namespace

TEST_CASE("a coordinator of a fleet admits what waits when its slots come, and tells what became of it") {
    coordinator core(coordinator_options().fleet_member("m1"), 1);
    const task_id task = core.submit(start, cost{1, 0});
    CHECK(core.next(start).what == action::kind::wait);
    core.fleet_hear(start, beat(3));
    CHECK(core.fleet_speaks_at() == start);
    CHECK(core.fleet_say(start) == "report m1 3 0 1 1");
    CHECK(core.fleet_say(start).empty());
    core.fleet_hear(start, format(fleet::slots{3, {{5, 20ms}}}));
    const action waits = core.next(start);
    CHECK(waits.what == action::kind::wait);
    CHECK(waits.at == start + 20ms);
    const action sent = core.next(start + 20ms);
    CHECK(sent.what == action::kind::admit);
    CHECK(sent.task == task);
    core.accepted(start + 30ms, sent.permit, {});
    CHECK(core.fleet_say(start + 40ms) == "report m1 3 1 1 0 a5");
    CHECK(core.fleet(start + 40ms).share_per_s == 25);
    CHECK(core.status(start + 40ms).accepted == 1);
}

TEST_CASE("a coordinator that is in no fleet has nothing to say, and is told nothing") {
    coordinator core(coordinator_options(), 1);
    CHECK(core.fleet_speaks_at() == never);
    CHECK(core.fleet_say(start).empty());
    CHECK_FALSE(core.fleet(start).is_member);
    CHECK_THROWS_AS(core.fleet_hear(start, beat(1)), std::logic_error);
}

TEST_CASE("a member's name is a word") {
    CHECK_THROWS_AS(coordinator_options().fleet_member("a b"), std::invalid_argument);
    CHECK_THROWS_AS(coordinator_options().fleet_member(std::string(65, 'a')), std::invalid_argument);
}
