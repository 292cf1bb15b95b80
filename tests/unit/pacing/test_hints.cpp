#include <doctest/doctest.h>

#include <cmath>

#include "pacing/measured/header_tracker.hpp"
#include "pacing/measured/hint_gate.hpp"
#include "sends.hpp"

using namespace sends;
using stagger::header_tracker;
using stagger::hint_gate;
using stagger::limit_hint;

namespace {

limit_hint left(double limit, double remaining, stagger::duration reset) {
    return limit_hint{limit, remaining, reset};
}

constexpr seconds rtt{0.05};

}  // namespace

TEST_CASE("a Retry-After holds everyone back") {
    send_log log;
    hint_gate gate;
    CHECK(gate.opens_at() == time_point::min());
    const departure rejected = add(log, start, outcome::rejected);
    CHECK_FALSE(gate.announce(start + 50ms, rejected, 2s, log));
    CHECK(gate.opens_at() == start + 2050ms);
}

TEST_CASE("a shorter hint does not open the gate earlier") {
    send_log log;
    hint_gate gate;
    const departure rejected = add(log, start, outcome::rejected);
    gate.announce(start, rejected, 5s, log);
    gate.announce(start + 1s, add(log, start + 1s, outcome::rejected), 1s, log);
    CHECK(gate.opens_at() == start + 5s);
}

TEST_CASE("an admission well before the announced end refutes the hint and its like") {
    send_log log;
    hint_gate gate;
    const departure rejected = add(log, start, outcome::rejected);
    gate.announce(start, rejected, 1s, log);
    const departure before = departure{0, start - 10ms, 1, 0};
    CHECK_FALSE(gate.refuted_by(before));
    const departure admitted = add(log, start + 500ms);
    CHECK(gate.refuted_by(admitted));
    CHECK_FALSE(gate.refuted_by(add(log, start + 900ms)));
    gate.refute(start + 600ms);
    CHECK(gate.opens_at() == time_point::min());

    const departure again = add(log, start + 2s, outcome::rejected);
    gate.announce(start + 2s, again, 2s, log);
    CHECK(gate.opens_at() == time_point::min());
    gate.announce(start + 2s, again, 10s, log);
    CHECK(gate.opens_at() == start + 12s);
}

TEST_CASE("a hint is refuted by what was admitted while it was on its way") {
    send_log log;
    hint_gate gate;
    const departure rejected = log.add(start, {1, 0}, 10, 1, true);
    add(log, start + 20ms, outcome::accepted);
    CHECK(gate.announce(start + 100ms, rejected, 1s, log));
}

TEST_CASE("an announced end is tested early, later after each failure, and then no more") {
    send_log log;
    hint_gate gate;
    gate.announce(start, add(log, start, outcome::rejected), 1s, log);
    CHECK(gate.trial_at(start, seconds(0.001)) == start + 125ms);
    CHECK_FALSE(gate.trial_at(start, seconds(0.1)));
    gate.trial_failed();
    CHECK(gate.trial_at(start, seconds(0.001)) == start + 250ms);
    gate.trial_failed();
    gate.trial_failed();
    CHECK_FALSE(gate.trial_at(start, seconds(0.001)));
}

TEST_CASE("a long announced wait is not tested within its first second") {
    send_log log;
    hint_gate gate;
    gate.announce(start, add(log, start, outcome::rejected), 4s, log);
    CHECK(gate.trial_at(start, seconds(0.001)) == start + 1s);
}

TEST_CASE("headers of a bucket tell its refill, without a rejection") {
    send_log log;
    header_tracker headers;
    time_point now = start;
    double tokens = 100;
    for (int each = 0; each < 200; ++each) {
        now += 20ms;  // 50 a second against a refill of 40
        tokens += 0.02 * 40 - 1;
        const departure sent = add(log, now);
        headers.note(sent, left(100, std::floor(tokens), 1s), true, log, rtt);
    }
    const auto rate = headers.rate(now, log, rtt, 1000);
    REQUIRE(rate);
    CHECK(*rate > 40);  // a surplus is left to spend
    CHECK(headers.opens_at(now, log, rtt) == time_point::min());
}

TEST_CASE("headers of a window spread its rest over the time to its reset") {
    send_log log;
    header_tracker headers;
    time_point now = start;
    for (int each = 1; each <= 100; ++each) {
        now += 20ms;
        headers.note(add(log, now), left(1000, 1000 - each, 60s - (now - start)), true, log, rtt);
    }
    const auto rate = headers.rate(now, log, rtt, 5000);
    REQUIRE(rate);
    CHECK(*rate == doctest::Approx(1.02 * 900 / 58).epsilon(0.01));
    CHECK(headers.opens_at(now, log, rtt) == time_point::min());
    CHECK(*headers.rate(now, log, rtt, 100) > 100);  // all that waits fits in: at once
}

TEST_CASE("a used-up window opens at its reset") {
    send_log log;
    header_tracker headers;
    time_point now = start;
    for (int each = 1; each <= 100; ++each) {
        now += 20ms;
        headers.note(add(log, now), left(100, 100 - each, 60s - (now - start)), true, log, rtt);
    }
    CHECK(headers.opens_at(now, log, rtt) >= start + 60s);
    CHECK(headers.opens_at(start + 61s, log, rtt) == time_point::min());
}

TEST_CASE("a bucket that may have been full between two answers is not measured by them") {
    send_log log;
    header_tracker headers;
    time_point now = start;
    for (int each = 0; each < 100; ++each) {
        now += 20ms;  // of a refill of 1000 a second
        headers.note(add(log, now), left(100, 99, 1ms), true, log, rtt);
    }
    CHECK_FALSE(headers.rate(now, log, rtt, 1000));
}

TEST_CASE("a small bucket's surplus is spent, and half of it kept") {
    send_log log;
    header_tracker headers;
    time_point now = start;
    double tokens = 12;
    for (int each = 0; each < 400; ++each) {
        now += 100ms;  // 10 a second against a refill of 9, while anything is left
        tokens = std::min(12.0, tokens + 0.9);
        const bool admitted = tokens >= 1;
        if (admitted) tokens -= 1;
        const departure sent = add(log, now, admitted ? outcome::accepted : outcome::rejected);
        headers.note(sent, left(12, std::floor(tokens), stagger::from_seconds((12 - tokens) / 9)), admitted,
                     log, rtt);
    }
    const auto rate = headers.rate(now, log, rtt, 1000);
    REQUIRE(rate);
    CHECK(*rate >= 9 * 0.5);
    CHECK(*rate <= 9);
    CHECK(*headers.rate(now + 1s, log, rtt, 1000) > 9);
}

TEST_CASE("a window's headers that are older than a window tell where the present one began") {
    send_log log;
    header_tracker headers;
    time_point now = start;
    for (int each = 0; each < 150; ++each) {  // windows of 5 s with 30 requests in each
        now = start + 1s + each * 166ms;
        const auto into = (now - start) % 5s;
        const double used = 1 + std::floor(stagger::to_seconds(into) / 0.166);
        headers.note(add(log, now), left(100, 100 - used, 5s - into), true, log, rtt);
    }
    const time_point later = start + 41s;  // nothing was heard, nor sent, for two windows
    const auto rate = headers.rate(later, log, rtt, 5000);
    REQUIRE(rate);
    CHECK(*rate == doctest::Approx(1.02 * 100 / 4).epsilon(0.05));
}

TEST_CASE("headers of a sliding window tell its rate, and when its oldest request leaves it") {
    send_log log;
    header_tracker headers;
    time_point now = start;
    for (int each = 1; each <= 100; ++each) {
        now += 20ms;
        headers.note(add(log, now), left(100, 100 - each, 10s), true, log, rtt);
    }
    const auto rate = headers.rate(now, log, rtt, 5000);
    REQUIRE(rate);
    CHECK(*rate == doctest::Approx(10));
    CHECK(headers.opens_at(now, log, rtt) == start + 20ms + 10s + 25ms);
    SUBCASE("what others use is not ours") {
        headers.note(add(log, now + 20s), left(100, 39, 10s), true, log, rtt);
        CHECK(*headers.rate(now + 20s, log, rtt, 5000) == doctest::Approx(4));
    }
    SUBCASE("what leaves it again is no refill of a bucket") {
        for (int each = 0; each < 100; ++each) {
            now = start + 10020ms + each * 20ms;
            headers.note(add(log, now), left(100, 0, 10s), true, log, rtt);
        }
        CHECK(*headers.rate(now, log, rtt, 5000) == doctest::Approx(10));
    }
}

TEST_CASE("limits of a few requests are not read: rounding hides what is refilled") {
    send_log log;
    header_tracker headers;
    time_point now = start;
    for (int each = 0; each < 100; ++each) {
        now += 300ms;
        headers.note(add(log, now), left(4, each % 2, 1s), true, log, rtt);
    }
    CHECK_FALSE(headers.rate(now, log, rtt, 1000));
}

TEST_CASE("headers that promise much while requests are rejected are not believed for a while") {
    send_log log;
    header_tracker headers;
    time_point now = start;
    for (int each = 1; each <= 100; ++each) {
        now += 20ms;
        headers.note(add(log, now), left(1000, 1000 - each, 60s - (now - start)), true, log, rtt);
    }
    REQUIRE(headers.rate(now, log, rtt, 5000));
    headers.check(now, log, rtt, 50);
    CHECK_FALSE(headers.rate(now + 29s, log, rtt, 5000));
    CHECK(headers.rate(now + 31s, log, rtt, 5000));
}

TEST_CASE("headers without a limit say nothing") {
    send_log log;
    header_tracker headers;
    for (int each = 0; each < 100; ++each) {
        headers.note(add(log, start + each * 20ms), limit_hint{}, true, log, rtt);
    }
    CHECK_FALSE(headers.rate(start + 3s, log, rtt, 1000));
}
