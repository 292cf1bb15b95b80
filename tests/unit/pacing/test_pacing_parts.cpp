#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "pacing/budget.hpp"
#include "pacing/measured/round_trip.hpp"
#include "pacing/pacer.hpp"
#include "retry/retry_budget.hpp"

using namespace std::chrono_literals;
using stagger::pacer;
using stagger::random_source;
using stagger::retry_budget;
using stagger::seconds;
using stagger::time_point;

namespace {

constexpr time_point start = time_point() + 1h;

}  // namespace

TEST_CASE("slots lie one width apart, jittered by a fortieth, without drift") {
    pacer slots(random_source(1));
    time_point now = start;
    double widest = 0;
    slots.sent(now, 1, 100ms);
    for (int each = 1; each <= 1000; ++each) {
        now = slots.next_slot();
        const double late = seconds(now - start - each * 100ms).count();
        widest = std::max(widest, std::fabs(late));
        slots.sent(now, 1, 100ms);
    }
    CHECK(widest <= 0.0025 + 1e-6);
    CHECK(widest > 0.001);
}

TEST_CASE("a request of double cost takes double the time") {
    pacer slots(random_source(1), 0);
    slots.sent(start, 2, 100ms);
    CHECK(slots.next_slot() == start + 200ms);
}

TEST_CASE("idle time earns no credit") {
    pacer slots(random_source(1), 0);
    slots.sent(start, 1, 100ms);
    const time_point much_later = start + 1h;
    slots.sent(much_later, 1, 100ms);
    CHECK(slots.next_slot() == much_later + 100ms);
}

TEST_CASE("a timer that rings late is made up for") {
    pacer slots(random_source(1), 0);
    slots.sent(start, 1, 1ms);
    slots.sent(start + 1ms + 1500us, 1, 1ms);
    CHECK(slots.next_slot() == start + 2ms);
}

namespace {

struct wakings {
    unsigned timers = 0;
    unsigned sends = 0;
    unsigned most_together = 0;
    seconds shortest = 1h;  ///< between two timers
};

/// Who sends whenever he may, woken by a timer for each slot that is not due yet.
wakings keep_sending(pacer& slots, seconds slot, stagger::duration span) {
    wakings seen;
    unsigned together = 0;
    time_point woken = start;
    for (time_point now = start; now < start + span;) {
        if (slots.next_slot() <= now) {
            slots.sent(now, 1, slot);
            ++seen.sends;
            seen.most_together = std::max(seen.most_together, ++together);
            continue;
        }
        now = slots.next_slot();
        if (seen.timers++ > 0) seen.shortest = std::min(seen.shortest, seconds(now - woken));
        woken = now;
        together = 0;
    }
    return seen;
}

}  // namespace

TEST_CASE("above a thousand a second slots leave together, a timer a millisecond, and the pace is exact") {
    for (const double rate : {1500.0, 7000.0, 60000.0}) {
        CAPTURE(rate);
        pacer slots(random_source(1));
        const wakings seen = keep_sending(slots, seconds(1 / rate), 2s);
        CHECK(seen.timers <= 2000);
        CHECK(seen.shortest.count() >= 0.00095);
        // Each slot is rounded up to a nanosecond.
        CHECK(seen.sends == doctest::Approx(2 * rate).epsilon(0.001));
        CHECK(seen.most_together <= std::ceil(rate / 1000) + 1);
    }
}

TEST_CASE("at a thousand a second and below every slot is on its own") {
    for (const double rate : {1000.0, 300.0}) {
        pacer slots(random_source(1));
        const wakings seen = keep_sending(slots, seconds(1 / rate), 2s);
        CHECK(seen.most_together == 1);
        CHECK(seen.timers + 1 >= seen.sends);
    }
}

TEST_CASE("a group ends with a pause, and with a change of rate") {
    pacer slots(random_source(1), 0);
    slots.sent(start, 1, 100us);
    CHECK(slots.next_slot() == start);
    slots.pause(start + 500us);
    CHECK(slots.next_slot() == start + 500us);
    slots.sent(start + 500us, 1, 100us);
    CHECK(slots.next_slot() == start + 500us);
    slots.skip_slot(start + 500us, 2000);
    CHECK(slots.next_slot() == start + 1ms);
}

TEST_CASE("a change of rate begins with a silent slot") {
    pacer slots(random_source(1), 0);
    slots.sent(start, 1, 10ms);
    slots.skip_slot(start + 5ms, 10);
    CHECK(slots.next_slot() == start + 105ms);
    slots.pause(start + 50ms);
    CHECK(slots.next_slot() == start + 105ms);
    slots.pause(start + 200ms);
    CHECK(slots.next_slot() == start + 200ms);
    slots.restart(start + 6ms);
    CHECK(slots.next_slot() == start + 6ms);
}

TEST_CASE("of the budgets for requests and tokens the slower one governs") {
    const auto options = stagger::coordinator_options().requests_per_minute(600).tokens_per_minute(60000);
    stagger::budget told(options, random_source(1));
    CHECK(told.requests_per_s() == doctest::Approx(10));
    told.sent(start, {1, 50});
    CHECK(told.next_slot() <= start + 103ms - stagger::budget::lead);
    CHECK(told.next_slot() >= start + 97ms - stagger::budget::lead);
    told.sent(start + 100ms, {1, 500});
    CHECK(told.next_slot() == stagger::after(start + 600ms, -stagger::budget::lead));
}

TEST_CASE("a budget is never ahead of its schedule by more than the lead, also after a pause") {
    const auto options = stagger::coordinator_options().requests_per_minute(600);
    stagger::budget told(options, random_source(1));
    for (const auto begin : {start, start + 1h}) {
        int at_once = 0;
        for (; told.next_slot() <= begin; ++at_once) told.sent(begin, {1, 0});
        CHECK(at_once >= 3);  // three tenths of a second, give or take the jitter of a slot
        CHECK(at_once <= 4);
    }
}

TEST_CASE("without budgets nothing is held back") {
    stagger::budget none{stagger::coordinator_options(), random_source(1)};
    CHECK_FALSE(none.limits_requests());
    CHECK(std::isinf(none.requests_per_s()));
    none.sent(start, {1, 1000});
    CHECK(none.next_slot() <= start);
}

TEST_CASE("the retry budget covers a burst, is refilled by successes and drips") {
    retry_budget accidents;
    time_point now = start;
    int afforded = 0;
    for (; accidents.affords_retry(now); ++afforded) accidents.spend(now);
    CHECK(afforded == 100);
    CHECK(accidents.affordable_at(now) == now + 5s);

    for (int each = 0; each < 5; ++each) accidents.success(false);
    CHECK(accidents.affords_retry(now));
    accidents.spend(now);
    CHECK_FALSE(accidents.affords_retry(now + 4s));
    CHECK(accidents.affords_retry(now + 5s));

    CHECK(accidents.affords_retry(now + 24h));
    afforded = 0;
    for (now += 24h; accidents.affords_retry(now); ++afforded) accidents.spend(now);
    CHECK(afforded == 100);
}

TEST_CASE("a retry that succeeds gives back what it cost, so where retrying helps it goes on") {
    retry_budget accidents;
    while (accidents.affords_retry(start)) accidents.spend(start);
    accidents.success(true);
    for (int each = 0; each < 1000; ++each) {
        REQUIRE(accidents.affords_retry(start));
        accidents.spend(start);
        accidents.success(true);
    }
    // Each success leaves one more than it cost: 1000 of them pay for as much as is ever saved.
    int afforded = 0;
    for (; accidents.affords_retry(start); ++afforded) accidents.spend(start);
    CHECK(afforded == 100);
}

TEST_CASE("the round trip follows the rejections") {
    stagger::round_trip rtt;
    CHECK(rtt.mean() == stagger::round_trip::assumed);
    rtt.sample(10ms);
    CHECK(rtt.mean() == seconds(0.01));
    for (int each = 0; each < 50; ++each) rtt.sample(20ms);
    CHECK(rtt.mean().count() == doctest::Approx(0.02).epsilon(0.01));
    CHECK(rtt.presumed_admitted() >= 2 * rtt.mean() + seconds(0.02));
}
