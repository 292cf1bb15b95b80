#include <doctest/doctest.h>

#include <vector>

#include "routing/route_health.hpp"

using namespace std::chrono_literals;
using stagger::duration;
using stagger::never;
using stagger::time_point;
using stagger::routing::route_grade;
using stagger::routing::route_health;
using stagger::routing::route_outcome;

namespace {

constexpr time_point start{1000s};

/// A route that answers each attempt in a tenth of a second, one after the other.
time_point answer(route_health& health, time_point now, int count) {
    for (int i = 0; i < count; ++i) {
        const auto one = health.sent(now);
        now += 100ms;
        health.ended(one, route_outcome::answered, now);
    }
    return now;
}

/// Sends one and says what it came to at once.
void meets(route_health& health, route_outcome what, time_point now) {
    health.ended(health.sent(now), what, now);
}

}  // namespace

TEST_CASE("route health: an accident among answers changes nothing") {
    route_health health;
    time_point now = start;
    for (int i = 0; i < 100; ++i) {
        now = answer(health, now, 3);
        meets(health, route_outcome::accident, now);
        CHECK(health.takes(now));
    }
    CHECK(health.grade() == route_grade::good);
}

TEST_CASE("route health: after an accident four more are sent, and then none") {
    route_health health;
    time_point now = answer(health, start, 5);
    meets(health, route_outcome::accident, now);
    int further = 0;
    while (health.takes(now) && further < 100) {
        meets(health, route_outcome::accident, now);
        ++further;
    }
    CHECK(further == 4);
    CHECK(health.grade() == route_grade::down);
    CHECK(health.next_try() == now + 1s);
}

TEST_CASE("route health: those that were under way together are one piece of news") {
    route_health health;
    std::vector<route_health::attempt_number> together;
    for (int i = 0; i < 50; ++i) together.push_back(health.sent(start));
    for (const auto one : together) health.ended(one, route_outcome::accident, start + 1s);
    CHECK(health.grade() == route_grade::good);
    CHECK(health.takes(start + 1s));
    answer(health, start + 1s, 1);
    for (int i = 0; i < 10; ++i) {
        CHECK(health.takes(start + 2s));
        health.sent(start + 2s);
    }
}

TEST_CASE("route health: one that is down is asked ever less often, and an answer brings it back") {
    route_health health;
    for (int i = 0; i < 5; ++i) meets(health, route_outcome::accident, start);
    REQUIRE(health.grade() == route_grade::down);
    time_point now = start;
    for (const duration pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
        CHECK(health.next_try() == now + pause);
        CHECK_FALSE(health.takes(now + pause - 1ms));
        now += pause;
        CHECK(health.takes(now));
        const auto trial = health.sent(now);
        CHECK_FALSE(health.takes(now));  // one at a time
        CHECK(health.next_try() == never);
        health.ended(trial, route_outcome::accident, now);
    }
    now = health.next_try();
    meets(health, route_outcome::answered, now);
    CHECK(health.grade() == route_grade::good);
    CHECK(health.takes(now));
}

TEST_CASE(
    "route health: refusals for the server's load that nothing breaks are an outage, asked about every 8 s") {
    route_health health;
    time_point now = answer(health, start, 5);
    SUBCASE("nothing breaks them") {
        for (int i = 0; i < 5; ++i) meets(health, route_outcome::overloaded, now);
        CHECK(health.grade() == route_grade::down);
        for (const duration pause : {1s, 2s, 4s, 8s, 8s, 8s}) {
            CHECK(health.next_try() == now + pause);
            now += pause;
            meets(health, route_outcome::overloaded, now);
        }
        meets(health, route_outcome::answered, health.next_try());
        CHECK(health.grade() == route_grade::good);
    }
    SUBCASE("answers do") {
        for (int i = 0; i < 20; ++i) {
            meets(health, route_outcome::overloaded, now);
            meets(health, route_outcome::overloaded, now);
            now = answer(health, now, 1);
        }
        CHECK(health.grade() == route_grade::good);
    }
}

TEST_CASE("route health: what was under way before a route went down does not bring it back") {
    route_health health;
    const auto early = health.sent(start);
    for (int i = 0; i < 5; ++i) meets(health, route_outcome::accident, start);
    REQUIRE(health.grade() == route_grade::down);
    health.ended(early, route_outcome::answered, start + 500ms);
    CHECK(health.grade() == route_grade::down);
}

TEST_CASE("route health: a key or quota that is of no use is known at once, and asked of when it opens") {
    route_health health;
    time_point now = answer(health, start, 20);
    health.ended(health.sent(now), route_outcome::unusable, now, 8h);
    CHECK(health.grade() == route_grade::unusable);
    CHECK(health.next_try() == now + 8h);
    now += 8h;
    meets(health, route_outcome::unusable, now);
    CHECK(health.next_try() == now + 30min);
    meets(health, route_outcome::answered, now + 30min);
    CHECK(health.grade() == route_grade::good);
}

TEST_CASE("route health: a trial whose caller left is no trial") {
    route_health health;
    for (int i = 0; i < 5; ++i) meets(health, route_outcome::accident, start);
    const auto trial = health.sent(start + 1s);
    health.ended(trial, route_outcome::untold, start + 2s);
    CHECK(health.takes(start + 2s));
}

TEST_CASE("route health: an attempt that tells nothing does not use up what is left after an accident") {
    route_health health;
    meets(health, route_outcome::accident, start);
    for (int i = 0; i < 20; ++i) {
        REQUIRE(health.takes(start));
        meets(health, route_outcome::untold, start);
    }
}

TEST_CASE("route health: a route whose latest attempts all take longer than usual is slow") {
    route_health health;
    time_point now = answer(health, start, 100);
    int after = 0;  // sent once 99 of 100 would have been answered
    const time_point first = now;
    for (int i = 0; i < 1000 && health.grade() == route_grade::good; ++i) {
        health.look(now);
        if (health.grade() != route_grade::good) break;
        if (now > first + 100ms) ++after;
        health.sent(now);
        now += 10ms;
    }
    CHECK(health.grade() == route_grade::slow);
    CHECK(after <= 5);
}

TEST_CASE("route health: one slow answer among quick ones is no slow route") {
    route_health health;
    time_point now = answer(health, start, 100);
    health.sent(now);  // and never answered
    for (int i = 0; i < 500; ++i) {
        now = answer(health, now, 1);
        health.look(now);
        REQUIRE(health.grade() == route_grade::good);
    }
}

TEST_CASE("route health: attempts that hang together are noticed where nothing further is sent") {
    route_health health;
    time_point now = answer(health, start, 100);
    for (int i = 0; i < 3; ++i) health.sent(now);
    const time_point at = health.look_at();
    CHECK(at == now + 300ms);
    health.look(at - 1ms);
    CHECK(health.grade() == route_grade::good);
    health.look(at + 1ms);
    CHECK(health.grade() == route_grade::slow);
}

TEST_CASE("route health: a slow route comes back with an answer as quick as before, and with no other") {
    route_health health;
    time_point now = answer(health, start, 100);
    for (int i = 0; i < 3; ++i) health.sent(now);
    now = health.look_at() + 1ms;
    health.look(now);
    REQUIRE(health.grade() == route_grade::slow);
    now = health.next_try();
    auto trial = health.sent(now);
    health.ended(trial, route_outcome::answered, now + 3s);
    CHECK(health.grade() == route_grade::slow);
    now = health.next_try();
    CHECK(now != never);
    trial = health.sent(now);
    health.ended(trial, route_outcome::answered, now + 90ms);
    CHECK(health.grade() == route_grade::good);
}

TEST_CASE("route health: where accidents pass again and again, more attempts are left after one") {
    route_health health;
    time_point now = answer(health, start, 5);
    for (const unsigned left : {4u, 8u, 16u, 32u, 64u, 64u}) {
        meets(health, route_outcome::accident, now);
        std::vector<route_health::attempt_number> sent;
        while (health.takes(now) && sent.size() < 200) sent.push_back(health.sent(now));
        CHECK(sent.size() == left);
        for (const auto one : sent) health.ended(one, route_outcome::answered, now);
    }
}

TEST_CASE("route health: who refuses is there") {
    route_health health;
    for (int i = 0; i < 100; ++i) meets(health, route_outcome::refused, start);
    CHECK(health.grade() == route_grade::good);
    for (int i = 0; i < 5; ++i) meets(health, route_outcome::accident, start);
    REQUIRE(health.grade() == route_grade::down);
    meets(health, route_outcome::refused, start + 1s);
    CHECK(health.grade() == route_grade::good);
}
