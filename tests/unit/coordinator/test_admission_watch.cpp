#include <doctest/doctest.h>

#include <stdexcept>

#include "stagger/admission_watch.hpp"

using namespace std::chrono_literals;
using stagger::admission_watch;
using stagger::coordinator_status;
using stagger::time_point;
using reason = stagger::admission_watch::reason;

namespace {

constexpr time_point start = time_point() + 1h;

coordinator_status waiting_for_it() {
    coordinator_status seen;
    seen.waiting = 10;
    return seen;
}

}  // namespace

TEST_CASE("a wait must be longer than nothing") {
    CHECK_THROWS_AS(admission_watch(0s), std::invalid_argument);
    CHECK_THROWS_AS(admission_watch(-1s), std::invalid_argument);
}

TEST_CASE("a word of the server that is longer than the wait ends it at once") {
    admission_watch watch(30min);
    coordinator_status seen = waiting_for_it();
    CHECK_FALSE(watch.look(start, seen));
    seen.throttled = 1;
    seen.opens_at = start + 30min;
    CHECK_FALSE(watch.look(start, seen));
    seen.opens_at = start + 1h;
    const auto verdict = watch.look(start, seen);
    REQUIRE(verdict);
    CHECK(verdict->why == reason::announced);
    CHECK(verdict->opens_at == start + 1h);
}

TEST_CASE("a word of the server stands only once what was under way had the time to refute it") {
    admission_watch watch(30min);
    coordinator_status seen = waiting_for_it();
    seen.in_flight = 3;
    seen.opens_at = start + 1h;
    CHECK_FALSE(watch.look(start, seen));
    CHECK_FALSE(watch.look(start + 4s, seen));
    seen.opens_at.reset();  // refuted
    CHECK_FALSE(watch.look(start + 4100ms, seen));
    seen.opens_at = start + 1h;
    CHECK_FALSE(watch.look(start + 5s, seen));
    CHECK(watch.look(start + 10s, seen));
    seen.in_flight = 0;
    CHECK(watch.look(start + 10s, seen));
}

TEST_CASE("tasks that all wait for themselves end it if that takes too long") {
    admission_watch watch(1min);
    coordinator_status seen = waiting_for_it();
    seen.all_wait_until = start + 1min;
    CHECK_FALSE(watch.look(start, seen));
    seen.all_wait_until = start + 61s;
    const auto verdict = watch.look(start, seen);
    REQUIRE(verdict);
    CHECK(verdict->why == reason::all_wait);
    CHECK(verdict->opens_at == start + 61s);
}

TEST_CASE("nothing admitted for so long ends it, though nobody has said until when") {
    admission_watch watch(1min);
    coordinator_status seen = waiting_for_it();
    seen.accepted = 5;
    CHECK_FALSE(watch.look(start, seen));
    seen.accepted = 6;
    CHECK_FALSE(watch.look(start + 50s, seen));
    seen.throttled = 20;
    CHECK_FALSE(watch.look(start + 109s, seen));
    seen.in_flight = 1;  // a probe: it may be admitted
    CHECK_FALSE(watch.look(start + 110s, seen));
    seen.in_flight = 0;
    const auto verdict = watch.look(start + 110s, seen);
    REQUIRE(verdict);
    CHECK(verdict->why == reason::nothing);
    CHECK_FALSE(verdict->opens_at);
    seen.opens_at = start + 2min;
    CHECK(watch.look(start + 110s, seen)->opens_at == start + 2min);
}

TEST_CASE("a pace of one's own is no wait for the server, nor is having nothing to send") {
    admission_watch watch(1min);
    coordinator_status seen = waiting_for_it();
    CHECK_FALSE(watch.look(start, seen));
    CHECK_FALSE(watch.look(start + 1h, seen));  // nothing was turned away
    seen.throttled = 1;
    seen.waiting = 0;
    CHECK_FALSE(watch.look(start + 2h, seen));
    seen.waiting = 1;
    CHECK_FALSE(watch.look(start + 2h + 59s, seen));
    CHECK_FALSE(watch.look(start + 3h, seen));  // the refusal was before
}
