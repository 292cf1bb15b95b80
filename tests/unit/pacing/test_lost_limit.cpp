#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "pacing/measured/lost_limit.hpp"
#include "sends.hpp"

using namespace sends;
using stagger::after;
using stagger::lost_limit;
using stagger::round_trip;

namespace {

/// The next time from `now` on, in steps of 100 ms, at which a look is due.
std::optional<time_point> next_look(lost_limit& lost, time_point now, double pace) {
    for (int each = 0; each < 6000; ++each, now += 100ms) {
        if (lost.look_is_due(now, pace)) return now;
    }
    return std::nullopt;
}

/// A limit of 100/s that has fallen to `pace`.
lost_limit fallen_from_100() {
    lost_limit lost;
    lost.held(60);
    lost.held(100);
    lost.held(80);
    return lost;
}

}  // namespace

TEST_CASE("nothing is lost where no limit was measured") {
    lost_limit lost;
    CHECK_FALSE(next_look(lost, start, 1));
    CHECK(lost.best() == 0);
}

TEST_CASE("a pace near the best limit needs no look") {
    lost_limit lost = fallen_from_100();
    CHECK(lost.best() == 100);
    CHECK_FALSE(next_look(lost, start, 95));
}

TEST_CASE("the first look comes soon, the further ones at growing intervals") {
    lost_limit lost = fallen_from_100();
    time_point now = start;
    std::vector<double> waits;
    for (int look = 0; look < 6; ++look) {
        const auto at = next_look(lost, now, 10);
        REQUIRE(at);
        waits.push_back(seconds(*at - now).count());
        now = *at;
        lost.look(10);
        CHECK(lost.looking());
        CHECK(lost.back_to() == 10);
        lost.failed(now);
        CHECK_FALSE(lost.looking());
    }
    CHECK(waits.front() <= 3);
    for (std::size_t each = 1; each < waits.size(); ++each) CHECK(waits[each] > waits[each - 1]);
    CHECK(waits.back() < 10);
}

TEST_CASE("a pace that has come back by itself cancels the look") {
    lost_limit lost = fallen_from_100();
    CHECK_FALSE(lost.look_is_due(start, 10));
    CHECK_FALSE(lost.look_is_due(start + 1s, 99));
    // Fallen anew, it waits anew.
    CHECK_FALSE(lost.look_is_due(start + 100s, 10));
    CHECK(lost.look_is_due(start + 103s, 10));
}

TEST_CASE("the limit is back once enough was sent at it and a refusal would have come") {
    lost_limit lost = fallen_from_100();
    send_log log;
    round_trip rtt;
    rtt.sample(50ms);
    lost.look(10);
    CHECK_FALSE(lost.at_best());
    lost.reached(add(log, start));
    CHECK(lost.at_best());
    accepted(log, start, 3, 500ms);
    CHECK_FALSE(lost.is_back(start + 5s, log, rtt));  // too few
    accepted(log, start + 1500ms, 20, 1ms);
    CHECK(lost.is_back(start + 5s, log, rtt));
    CHECK_FALSE(lost.is_back(start + 20ms, log, rtt));  // too soon
    lost.found();
    CHECK_FALSE(lost.looking());
    CHECK(lost.best() == 100);
}

TEST_CASE("after a limit was found again the next fall is looked at as soon as the first") {
    lost_limit lost = fallen_from_100();
    time_point now = start;
    for (int look = 0; look < 8; ++look) {
        now = *next_look(lost, now, 10);
        lost.look(10);
        lost.failed(now);
    }
    lost.look(10);
    lost.found();
    const auto at = next_look(lost, now, 10);
    REQUIRE(at);
    CHECK(*at <= now + 3s);
}

TEST_CASE("a look that fails at the best limit, not far below, speaks against it") {
    lost_limit lost = fallen_from_100();
    send_log log;
    lost.look(80);
    lost.reached(add(log, start));
    lost.failed(start);
    CHECK(lost.best() < 100);
    CHECK(lost.best() > 80);
    // After a few the pace is no longer clearly below.
    for (int again = 0; again < 3; ++again) {
        lost.look(80);
        lost.reached(add(log, start));
        lost.failed(start);
    }
    CHECK_FALSE(next_look(lost, start, 80));
}

TEST_CASE("a look that fails far below, or before it got there, says nothing about the best limit") {
    lost_limit lost = fallen_from_100();
    send_log log;
    lost.look(10);
    lost.reached(add(log, start));
    lost.failed(start);
    CHECK(lost.best() == 100);
    lost.look(80);
    lost.failed(start + 1s);
    CHECK(lost.best() == 100);
}

TEST_CASE("a new look has not reached anything yet") {
    lost_limit lost = fallen_from_100();
    send_log log;
    lost.look(10);
    lost.reached(add(log, start));
    lost.stop_looking();
    CHECK_FALSE(lost.looking());
    lost.look(10);
    CHECK_FALSE(lost.at_best());
}

TEST_CASE("a limit that has not come back for long is forgotten") {
    lost_limit lost = fallen_from_100();
    time_point now = start;
    unsigned looks = 0;
    while (const auto at = next_look(lost, now, 10)) {
        REQUIRE(++looks < 100);
        now = *at;
        lost.look(10);
        lost.failed(now);
    }
    CHECK(lost.best() == 0);
    CHECK(now > start + 5min);
    CHECK(now < start + 20min);
    // What holds from then on is a limit like any other.
    lost.held(10);
    CHECK(lost.best() == 10);
    CHECK_FALSE(next_look(lost, now, 10));
    CHECK(next_look(lost, now, 5));
}
