#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

#include "routing/route_line.hpp"

using namespace std::chrono_literals;
using stagger::never;
using stagger::priority;
using stagger::time_point;
using stagger::routing::route_grade;
using stagger::routing::route_line;
using stagger::routing::route_load;
using stagger::routing::route_outcome;
using stagger::routing::route_rules;

namespace {

constexpr time_point start{1000s};
using kind = route_line::move::kind;
constexpr std::size_t few = route_line::fewest_in_line;

std::vector<route_load> idle(std::size_t count, double pace = 50) {
    return std::vector<route_load>(count, route_load{0, 0, pace, {}, false});
}

std::vector<route_rules> plain(std::size_t count) {
    return std::vector<route_rules>(count);
}

/// Where the next one is bound to; it stands in the gate's line from then on.
std::optional<std::size_t> bound(route_line& line, const std::vector<route_load>& loads,
                                 time_point now = start) {
    const auto move = line.next(now, loads);
    if (!move || move->what != kind::bind) return std::nullopt;
    return move->where;
}

void bring_down(route_line& line, std::size_t which, time_point now = start) {
    auto& health = line.health(which);
    for (int i = 0; i < 5; ++i) health.ended(health.sent(now), route_outcome::accident, now);
    REQUIRE(health.grade() == route_grade::down);
}

}  // namespace

TEST_CASE("route line: needs from 1 to 64 routes, and weights above zero") {
    CHECK_THROWS_AS(route_line(plain(0)), std::invalid_argument);
    CHECK_THROWS_AS(route_line(std::vector<route_rules>(65)), std::invalid_argument);
    CHECK_THROWS_AS(route_line(std::vector{route_rules{0, 0}}), std::invalid_argument);
}

TEST_CASE("route line: a gate's line is kept short, and the rest waits here in the order of arrival") {
    route_line line(plain(1));
    std::vector<route_line::guest> guests;
    for (int i = 0; i < 20; ++i) guests.push_back(line.join(start, never));
    auto loads = idle(1);
    for (std::size_t i = 0; i < few; ++i) {
        const auto move = line.next(start, loads);
        REQUIRE(move);
        CHECK(move->who == guests[i]);
        ++loads[0].waiting;
    }
    CHECK_FALSE(line.next(start, loads));
    CHECK(line.waiting() == 20 - few);
    line.left(0);
    --loads[0].waiting;
    const auto move = line.next(start, loads);
    REQUIRE(move);
    CHECK(move->who == guests[few]);
}

TEST_CASE("route line: classes take turns, and what nobody else wants one of them has") {
    route_line line(plain(1));
    std::vector<route_line::guest> batch;
    for (int i = 0; i < 500; ++i) batch.push_back(line.join(start, never, priority::batch));
    const auto serve = [&] {
        const auto loads = idle(1);
        const auto move = line.next(start, loads);
        REQUIRE(move);
        line.left(0);
        return move->who;
    };
    for (std::size_t i = 0; i < 50; ++i) CHECK(serve() == batch[i]);
    const auto urgent = line.join(start, never, priority::interactive);
    const auto usual = line.join(start, never);
    CHECK(line.waiting() == 452);
    CHECK(serve() == urgent);
    CHECK(serve() == usual);
    CHECK(serve() == batch[50]);
    CHECK(line.withdraw(batch[51]));
    CHECK_FALSE(line.withdraw(batch[51]));
    CHECK(serve() == batch[52]);
}

TEST_CASE("route line: who sits out a wait of its own in a gate's line takes nobody's place there") {
    route_line line(plain(1));
    for (int i = 0; i < 100; ++i) line.join(start, never);
    auto loads = idle(1);
    int given = 0;
    while (bound(line, loads)) {
        ++given;
        ++loads[0].waiting;
        if (given <= 10) loads[0].delayed = loads[0].waiting;
    }
    CHECK(given == 20);
}

TEST_CASE("route line: a fast gate is given more at once") {
    route_line line(plain(1));
    for (int i = 0; i < 100; ++i) line.join(start, never);
    int given = 0;
    while (bound(line, idle(1, 1000))) ++given;
    CHECK(given == 50);
}

TEST_CASE("route line: routes fill in the proportion of their pace and weight") {
    route_line line(std::vector{route_rules{0, 1}, route_rules{0, 3}});
    for (int i = 0; i < 1000; ++i) line.join(start, never);
    std::vector<route_load> loads{{0, 0, 1e6, {}, false}, {0, 0, 1e6, {}, false}};
    std::vector<int> got(2);
    for (int i = 0; i < 200; ++i) {
        const auto where = bound(line, loads);
        REQUIRE(where);
        ++got[*where];
        ++loads[*where].waiting;
    }
    CHECK(got[0] == doctest::Approx(50).epsilon(.1));
}

TEST_CASE("route line: a retry takes its old place, and waits its pause only for the route it comes from") {
    route_line line(plain(2));
    const auto first = line.join(start, never);
    const auto taken = bound(line, idle(2));
    REQUIRE(taken);
    line.left(*taken);
    line.join(start, never);
    line.again(start, first, never, *taken, start + 10s);
    const auto move = line.next(start, idle(2));
    REQUIRE(move);
    CHECK(move->who == first);
    CHECK(move->where != *taken);
}

TEST_CASE("route line: alone, a route waits for the pause of a retry, and is woken for it") {
    route_line line(plain(1));
    const auto first = line.join(start, never);
    REQUIRE(bound(line, idle(1)) == 0u);
    line.left(0);
    line.again(start, first, never, 0, start + 10s);
    CHECK_FALSE(line.next(start, idle(1)));
    CHECK(line.wake_at(start, idle(1)) == start + 10s);
    CHECK(bound(line, idle(1), start + 10s) == 0u);
}

TEST_CASE("route line: a deadline ends the wait here") {
    route_line line(plain(1));
    bring_down(line, 0);
    const auto who = line.join(start, start + 500ms);
    CHECK_FALSE(line.next(start, idle(1)));
    CHECK(line.wake_at(start, idle(1)) == start + 500ms);
    const auto move = line.next(start + 500ms, idle(1));
    REQUIRE(move);
    CHECK(move->what == kind::expire);
    CHECK(move->who == who);
    CHECK(line.waiting() == 0);
}

TEST_CASE("route line: who gives up its place is not sent") {
    route_line line(plain(1));
    const auto who = line.join(start, start + 1s);
    CHECK(line.withdraw(who));
    CHECK_FALSE(line.withdraw(who));
    CHECK_FALSE(line.next(start + 2s, idle(1)));
}

TEST_CASE("route line: a lower tier is used alone while it is good and open") {
    route_line line(std::vector{route_rules{0}, route_rules{1}});
    for (int i = 0; i < 20; ++i) line.join(start, never);
    auto loads = idle(2);
    SUBCASE("its line is full") {
        while (const auto where = bound(line, loads)) {
            CHECK(*where == 0);
            ++loads[0].waiting;
        }
        CHECK(line.waiting() == 20 - few);
    }
    SUBCASE("it is down") {
        bring_down(line, 0);
        CHECK(bound(line, loads) == 1u);
    }
    SUBCASE("it is closed for long") {
        loads[0].opens_at = start + 1h;
        CHECK(bound(line, loads) == 1u);
    }
    SUBCASE("it pauses for a moment") {
        loads[0].opens_at = start + 500ms;
        CHECK(bound(line, loads) == 0u);
    }
}

TEST_CASE("route line: one request asks whether a route is back, those behind it go elsewhere") {
    route_line line(plain(2));
    bring_down(line, 0);
    for (int i = 0; i < 40; ++i) line.join(start, never);
    CHECK(bound(line, idle(2)) == 1u);
    const time_point later = start + 1s;
    CHECK(bound(line, idle(2), later) == 0u);
    while (bound(line, idle(2), later) == 1u) continue;
    CHECK_FALSE(line.next(later, idle(2)));  // and is not called back
    line.left(0);
    auto& health = line.health(0);
    health.ended(health.sent(later), route_outcome::answered, later);
    CHECK(bound(line, idle(2), later) == 0u);
    CHECK(bound(line, idle(2), later) == 0u);
}

TEST_CASE("route line: who waits at a route that goes down is called back, once") {
    route_line line(plain(2));
    std::vector<route_line::guest> at_first;
    for (std::size_t i = 0; i < 2 * few; ++i) line.join(start, never);
    while (const auto move = line.next(start, idle(2))) {
        if (move->where == 0) at_first.push_back(move->who);
    }
    REQUIRE(at_first.size() == few);
    bring_down(line, 0);
    const auto move = line.next(start, idle(2));
    REQUIRE(move);
    CHECK(move->what == kind::recall);
    CHECK(move->where == 0);
    CHECK_FALSE(line.next(start, idle(2)));
    for (const auto who : at_first) {
        line.left(0);
        line.again(start, who, never, {}, {});
    }
    line.left(1);
    CHECK(bound(line, idle(2)) == 1u);
}

TEST_CASE("route line: nobody is called back where no other route would take it") {
    route_line line(plain(2));
    for (int i = 0; i < 4; ++i) line.join(start, never);
    while (bound(line, idle(2))) {
    }
    bring_down(line, 0);
    bring_down(line, 1);
    CHECK_FALSE(line.next(start, idle(2)));
}

TEST_CASE("route line: where no route can be used, requests go and fail with the reason") {
    route_line line(plain(2));
    for (std::size_t i = 0; i < 2; ++i)
        line.health(i).ended(line.health(i).sent(start), route_outcome::unusable, start);
    const auto who = line.join(start, never);
    CHECK_FALSE(line.has_other(who, 0));
    CHECK(bound(line, idle(2)));
}

TEST_CASE("route line: a route that cannot carry a request is not asked to") {
    route_line line(plain(2));
    const auto who = line.join(start, never);
    CHECK(line.exclude(who, 0));
    CHECK(bound(line, idle(2)) == 1u);
    CHECK_FALSE(line.exclude(who, 1));
    CHECK_FALSE(line.has_other(who, 1));
    line.forget(who);
    CHECK(line.has_other(who, 1));
}

TEST_CASE("route line: few do not wait for a slow gate that the quick one is done before") {
    route_line line(plain(2));
    std::vector<route_load> loads{{0, 0, 100, {}, false}, {5, 0, 0.1, {}, false}};
    for (std::size_t i = 0; i < few + 1; ++i) line.join(start, never);
    for (std::size_t i = 0; i < few; ++i) CHECK(bound(line, loads) == 0u);
    CHECK_FALSE(line.next(start, loads));
}

TEST_CASE("route line: a gate that is closed keeps one request, which asks") {
    route_line line(plain(2));
    for (std::size_t i = 0; i < 3 * few; ++i) line.join(start, never);
    auto loads = idle(2);
    while (bound(line, loads)) continue;
    loads[0].closed = true;
    const auto move = line.next(start, loads);
    REQUIRE(move);
    CHECK(move->what == kind::recall);
    CHECK(move->where == 0);
    for (std::size_t i = 0; i < few; ++i) line.left(0);
    CHECK(bound(line, loads) == 0u);
    CHECK_FALSE(line.next(start, loads));
}

TEST_CASE("route line: who has waited for too long for its tier goes to the next one, and no one else") {
    route_line line(std::vector<route_rules>{{0, 1, 5s}, {0, 1, 20s}, {1}, {2}});
    std::vector<route_line::guest> guests;
    auto loads = idle(4, 1);
    for (std::size_t i = 0; i < 30; ++i) guests.push_back(line.join(start, never));
    // In the gates' lines nobody is to wait for longer than that either: 5 at 1/s, and what is usual.
    std::vector<std::size_t> there(4);
    while (const auto where = bound(line, loads)) ++there[*where], ++loads[*where].waiting;
    CHECK(there == std::vector<std::size_t>{5, few, 0, 0});
    CHECK(line.wake_at(start, loads) <= start + 5s);
    const auto late = line.join(start + 4s, never);
    CHECK_FALSE(bound(line, loads, start + 4999ms));
    std::vector<route_line::guest> fell;
    while (const auto move = line.next(start + 5s, loads)) {
        CHECK(move->where == 2);
        ++loads[2].waiting;
        fell.push_back(move->who);
    }
    CHECK(fell.size() == few);  // as many as stand in a line
    CHECK(fell.front() == guests[15]);
    for (std::size_t i = 0; i < few; ++i) line.left(2);
    loads[2].waiting = 0;
    while (const auto move = line.next(start + 5s, loads)) {
        CHECK(move->who != late);
        CHECK(move->where == 2);
        ++loads[2].waiting;
    }
    CHECK(line.waiting() == 1);
    CHECK(bound(line, loads, start + 9s) == 2);
}

TEST_CASE("route line: without fallback_after nobody leaves the tier that is used") {
    route_line line(std::vector<route_rules>{{0}, {1}});
    auto loads = idle(2, 0.01);
    for (std::size_t i = 0; i < few + 5; ++i) line.join(start, never);
    for (std::size_t i = 0; i < few; ++i, ++loads[0].waiting) CHECK(bound(line, loads) == 0);
    CHECK_FALSE(bound(line, loads, start + 100h));
    CHECK_THROWS_AS(route_line(std::vector{route_rules{0, 1, 0s}}), std::invalid_argument);
}

TEST_CASE("route line: who need not wait is bound at once, and waits in its order where others do") {
    route_line line(plain(2));
    CHECK(line.is_idle());
    const auto first = line.arrive(start, never, priority::normal, idle(2));
    REQUIRE(first.where);
    CHECK(line.bound(*first.where) == 1);
    CHECK(line.waiting() == 0);
    CHECK_FALSE(line.is_idle());
    line.left(*first.where);
    CHECK(line.is_idle());
    const auto before = line.join(start, never);
    const auto behind = line.arrive(start, never, priority::normal, idle(2));
    CHECK_FALSE(behind.where);
    CHECK(line.waiting() == 2);
    CHECK(line.next(start, idle(2))->who == before);
    CHECK(line.next(start, idle(2))->who == behind.who);
}

TEST_CASE("route line: who was bound before a failure was known comes back, but for those that are to tell") {
    route_line line(plain(2));
    for (int i = 0; i < 40; ++i) line.join(start, never);
    while (line.next(start, idle(2))) continue;
    REQUIRE(line.bound(0) == few);
    auto& health = line.health(0);
    health.ended(health.sent(start), route_outcome::accident, start);
    const auto called_back = line.next(start, idle(2));
    REQUIRE(called_back);
    CHECK(called_back->what == kind::recall);
    CHECK(called_back->where == 0);
    for (std::size_t i = 0; i < few; ++i) line.left(0);
    while (bound(line, idle(2))) continue;
    CHECK(line.bound(0) == health.room(start));
    CHECK(line.bound(0) == 4);
    SUBCASE("an answer takes the doubt away") {
        health.ended(health.sent(start), route_outcome::answered, start + 1s);
        while (bound(line, idle(2))) continue;
        CHECK(line.bound(0) == few);
    }
    SUBCASE("those that are to tell fail, too") {
        for (int i = 0; i < 4; ++i) {
            line.left(0);
            health.ended(health.sent(start), route_outcome::accident, start);
        }
        CHECK(health.grade() == route_grade::down);
        CHECK_FALSE(bound(line, idle(2)));
    }
}

TEST_CASE("route line: where there is no other route nobody is called back for a doubt") {
    route_line line(plain(2));
    for (int i = 0; i < 4; ++i) line.join(start, never);
    bring_down(line, 1);
    while (bound(line, idle(2))) continue;
    auto& health = line.health(0);
    for (int i = 0; i < 3; ++i) health.sent(start);
    health.ended(health.sent(start), route_outcome::accident, start);
    for (int i = 0; i < 3; ++i) health.sent(start);
    REQUIRE(line.bound(0) > health.room(start));
    CHECK_FALSE(line.next(start, idle(2)));
}
