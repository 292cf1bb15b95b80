#include <doctest/doctest.h>

#include <algorithm>

#include "pacing/measured/concurrency_learner.hpp"
#include "sends.hpp"

using namespace sends;
using stagger::concurrency_learner;
using stagger::round_trip;

namespace {

/// Ten onsets at `in_flight`, and admissions below it, over a few seconds.
time_point rejected_at(send_log& log, unsigned in_flight, unsigned spread = 0) {
    time_point now = start;
    for (unsigned each = 0; each < 10; ++each) {
        for (unsigned below = 0; below < 5; ++below) {
            add(log, now += 100ms, outcome::accepted, 50ms,
                std::max(1u, in_flight - 1 - std::min(below, in_flight - 1)));
        }
        add(log, now += 100ms, outcome::rejected, 50ms, in_flight + each * spread);
    }
    return now + 1s;
}

round_trip trip() {
    round_trip rtt;
    rtt.sample(50ms);
    return rtt;
}

}  // namespace

TEST_CASE("rejections at one number in flight show a limit on it") {
    send_log log;
    concurrency_learner learner(0.01);
    const time_point now = rejected_at(log, 20);
    CHECK(learner.learn(now, log, trip(), 2s));
    CHECK(learner.window() == 20);
}

TEST_CASE("rejections at any number in flight do not") {
    send_log log;
    concurrency_learner learner(0.01);
    const time_point now = rejected_at(log, 20, 5);
    CHECK_FALSE(learner.learn(now, log, trip(), 2s));
    CHECK_FALSE(learner.limits());
}

TEST_CASE("rejections at a few in flight show a limit only where their number is always the same") {
    for (const unsigned varying : {0u, 1u}) {
        CAPTURE(varying);
        send_log log;
        concurrency_learner learner(0.01);
        time_point now = start;
        for (unsigned each = 0; each < 10; ++each) {
            for (unsigned below = 0; below < 5; ++below) add(log, now += 100ms, outcome::accepted, 50ms, 1);
            add(log, now += 100ms, outcome::rejected, 50ms, 4 + varying * (each % 4));
        }
        CHECK(learner.learn(now + 1s, log, trip(), 2s) == (varying == 0));
    }
}

TEST_CASE("a steady rate explains rejections at one number in flight as well, and goes first") {
    for (const bool steady : {true, false}) {
        CAPTURE(steady);
        send_log log;
        concurrency_learner learner(0.01);
        time_point now = start;
        for (unsigned each = 0; each < 10; ++each) {
            const unsigned admitted = steady || each % 2 == 0 ? 20 : 30;  // in the same time
            for (unsigned below = 0; below < admitted; ++below) {
                add(log, now += 2000ms / admitted, outcome::accepted, 50ms, 10);
            }
            add(log, now += 100ms, outcome::rejected, 50ms, 20);
        }
        CHECK(learner.learn(now + 1s, log, trip(), 2s) == !steady);
    }
}

TEST_CASE("admissions above the supposed window refute it") {
    send_log log;
    concurrency_learner learner(0.01);
    rejected_at(log, 20);
    time_point now = start + 10s;
    for (int each = 0; each < 20; ++each) add(log, now += 100ms, outcome::accepted, 50ms, 30);
    CHECK_FALSE(learner.learn(now, log, trip(), 2s));
}

TEST_CASE("the window shrinks once a round") {
    send_log log;
    concurrency_learner learner(0.01);
    time_point now = rejected_at(log, 20);
    REQUIRE(learner.learn(now, log, trip(), 2s));
    const departure first = add(log, now + 1s, outcome::rejected, 50ms, 20);
    const departure same_round = add(log, now + 1020ms, outcome::rejected, 50ms, 20);
    CHECK(learner.cut(now + 1050ms, first, log, trip()));
    CHECK(learner.window() == 19);
    CHECK(learner.cut(now + 1070ms, same_round, log, trip()));
    CHECK(learner.window() == 19);
}

TEST_CASE("the window grows with requests that filled it") {
    send_log log;
    concurrency_learner learner(0.01);
    const time_point now = rejected_at(log, 20);
    REQUIRE(learner.learn(now, log, trip(), 2s));
    stagger::send_record filling;
    filling.in_flight = 5;
    for (int each = 0; each < 200; ++each) learner.admitted(filling, true);
    CHECK(learner.window() == 20);
    filling.in_flight = 20;
    for (int each = 0; each < 100; ++each) learner.admitted(filling, true);
    CHECK(learner.window() == 21);
    for (int each = 0; each < 16; ++each) learner.admitted(filling, true);
    CHECK(learner.window() == 23);
}

TEST_CASE("a request that is rejected alone refutes the theory, and it is not taken up again soon") {
    send_log log;
    concurrency_learner learner(0.01);
    const time_point now = rejected_at(log, 3);
    REQUIRE(learner.learn(now, log, trip(), 2s));
    const departure alone = add(log, now + 1s, outcome::rejected, 50ms, 1);
    CHECK_FALSE(learner.cut(now + 1050ms, alone, log, trip()));
    CHECK_FALSE(learner.limits());
    CHECK_FALSE(learner.learn(now + 1100ms, log, trip(), 2s));
}

TEST_CASE("rejections that push the window far below what was learned refute the theory") {
    send_log log;
    concurrency_learner learner(0.01);
    time_point now = rejected_at(log, 30);
    REQUIRE(learner.learn(now, log, trip(), 2s));
    bool holds = true;
    for (int each = 0; each < 20 && holds; ++each) {
        now += 1s;
        const auto in_flight = static_cast<unsigned>(learner.window());
        holds = learner.cut(now + 50ms, add(log, now, outcome::rejected, 50ms, in_flight), log, trip());
    }
    CHECK_FALSE(holds);
}
