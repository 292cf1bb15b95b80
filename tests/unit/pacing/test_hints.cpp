#include <doctest/doctest.h>

#include <cmath>

#include "pacing/measured/header_tracker.hpp"
#include "pacing/measured/hint_gate.hpp"
#include "sends.hpp"

using namespace sends;
using stagger::duration;
using stagger::header_tracker;
using stagger::hint_gate;
using stagger::hints;
using stagger::limit_hint;
using stagger::opening_hint;
using stagger::other_opening;

namespace {

limit_hint left(double limit, double remaining, stagger::duration reset) {
    return limit_hint{limit, remaining, reset};
}

constexpr seconds rtt{0.05};

hint_gate::word word(stagger::duration wait, opening_hint kind = opening_hint::retry_after) {
    return {kind, seconds(wait)};
}

}  // namespace

TEST_CASE("a Retry-After holds everyone back") {
    send_log log;
    hint_gate gate;
    CHECK(gate.opens_at() == time_point::min());
    const departure rejected = add(log, start, outcome::rejected);
    CHECK_FALSE(gate.announce(start + 50ms, rejected, word(2s), log));
    CHECK(gate.opens_at() == start + 2050ms);
}

TEST_CASE("a shorter hint does not open the gate earlier") {
    send_log log;
    hint_gate gate;
    const departure rejected = add(log, start, outcome::rejected);
    gate.announce(start, rejected, word(5s), log);
    gate.announce(start + 1s, add(log, start + 1s, outcome::rejected), word(1s), log);
    CHECK(gate.opens_at() == start + 5s);
}

TEST_CASE("an admission well before the announced end refutes the hint and its like") {
    send_log log;
    hint_gate gate;
    const departure rejected = add(log, start, outcome::rejected);
    gate.announce(start, rejected, word(1s), log);
    const departure before = departure{0, start - 10ms, 1, 0};
    CHECK_FALSE(gate.refuted_by(before));
    const departure admitted = add(log, start + 500ms);
    CHECK(gate.refuted_by(admitted));
    CHECK_FALSE(gate.refuted_by(add(log, start + 900ms)));
    gate.refute(start + 600ms);
    CHECK(gate.opens_at() == time_point::min());

    const departure again = add(log, start + 2s, outcome::rejected);
    gate.announce(start + 2s, again, word(2s), log);
    CHECK(gate.opens_at() == time_point::min());
    gate.announce(start + 2s, again, word(10s), log);
    CHECK(gate.opens_at() == start + 12s);
}

TEST_CASE("a hint is refuted by what was admitted while it was on its way") {
    send_log log;
    hint_gate gate;
    const departure rejected = log.add(start, {1, 0}, 10, 1, true);
    add(log, start + 20ms, outcome::accepted);
    CHECK(gate.announce(start + 100ms, rejected, word(1s), log));
}

TEST_CASE("an announced end is tested early, later after each failure, and then no more") {
    send_log log;
    hint_gate gate;
    gate.announce(start, add(log, start, outcome::rejected), word(1s), log);
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
    gate.announce(start, add(log, start, outcome::rejected), word(4s), log);
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

TEST_CASE("an end told twice, a little apart, is the same end and no window of its own") {
    send_log log;
    header_tracker headers;
    time_point now = start;
    // Windows of a second, used at an even pace; what is on the way makes each end look some milliseconds
    // off.
    for (int each = 0; each < 300; ++each) {
        now += 20ms;
        const auto in_window = (now - start) % 1s;
        const auto off = each % 2 == 0 ? 4ms : -4ms;
        const double used = static_cast<double>(in_window / 20ms) + 1;
        headers.note(add(log, now), left(100, 100 - used, 1s - in_window + off), true, log, rtt);
    }
    const time_point in_next = start + 6s + 30ms;  // nothing was told of this window yet
    const auto rate = headers.rate(in_next, log, rtt, 1000);
    REQUIRE(rate);
    CHECK(*rate < 200);  // a hundred over what is left of a second, not of a few milliseconds
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

namespace {

hints telling(duration wait, opening_hint kind, std::optional<other_opening> otherwise = std::nullopt) {
    hints said;
    said.retry_after = wait;
    said.retry_after_kind = kind;
    said.otherwise = otherwise;
    return said;
}

/// A gate and what it is told, of refusals at given times.
struct told_gate {
    send_log log;
    hint_gate gate;

    void refuse(time_point at, const hints& said) {
        const departure sent = add(log, at, outcome::rejected);
        gate.refused(sent, log);
        gate.announce(at, sent, *gate.believed_of(at, said), log);
    }
    void admit(time_point at) {
        const departure sent = add(log, at);
        if (gate.refuted_by(sent)) return gate.refute(at);
        gate.admitted(sent);
    }
};

}  // namespace

TEST_CASE("an end at which nothing is admitted is no end, once it has been so twice") {
    told_gate it;
    it.refuse(start, telling(38s, opening_hint::body));
    it.refuse(start + 38s, telling(38s, opening_hint::body));
    CHECK(it.gate.is_end());
    CHECK(it.gate.opens_at() == start + 76s);
    it.refuse(start + 76s, telling(38s, opening_hint::body));
    CHECK_FALSE(it.gate.is_end());
    CHECK(it.gate.opens_at() == start + 114s);  // nothing is admitted before, all the same
    it.admit(start + 114s);
    it.refuse(start + 120s, telling(38s, opening_hint::body));
    CHECK(it.gate.is_end());
}

TEST_CASE("of refusals behind an announced end the first one tells") {
    told_gate it;
    for (int each = 0; each < 3; ++each) {
        const time_point at = start + each * 10s;
        it.refuse(at, telling(9s, opening_hint::retry_after));
        add(it.log, at + 9s, outcome::accepted, 2s);  // of which nothing is heard yet
        it.gate.refused(add(it.log, at + 9500ms, outcome::rejected), it.log);
    }
    CHECK(it.gate.is_end());
}

TEST_CASE("a kind of hint that proves wrong gives way to the other one, and each endpoint has its own") {
    told_gate it;
    const hints both = telling(24h, opening_hint::quota, other_opening{opening_hint::body, 1h});
    it.refuse(start, both);
    CHECK(it.gate.opens_at() == start + 24h);
    it.refuse(start + 24h, both);  // so long a wait was in vain
    CHECK(it.gate.opens_at() == start + 25h);
    CHECK(it.gate.is_end());
    it.admit(start + 25h);
    CHECK(it.gate.believed_of(start + 26h, both)->kind == opening_hint::body);
    CHECK(it.gate.believed_of(start + 26h, telling(24h, opening_hint::quota))->wait == 24h);
    CHECK(hint_gate().believed_of(start, both)->kind == opening_hint::quota);
}

TEST_CASE(
    "an end that was announced too late gives way to an earlier word, and is ignored longer each time") {
    told_gate it;
    const hints both = telling(8h, opening_hint::quota, other_opening{opening_hint::retry_after, 30s});
    it.refuse(start, both);
    it.admit(start + 1h);
    CHECK(it.gate.believed_of(start + 1h, both)->kind == opening_hint::retry_after);
    CHECK(it.gate.believed_of(start + 1h + 11min, both)->kind == opening_hint::quota);
    it.refuse(start + 2h, telling(8h, opening_hint::quota));
    it.admit(start + 3h);
    CHECK(it.gate.believed_of(start + 3h + 11min, both)->kind == opening_hint::retry_after);
    // Of the other kinds nothing was heard that was wrong.
    it.refuse(start + 4h, telling(8h, opening_hint::retry_after));
    CHECK(it.gate.opens_at() == start + 12h);
}

TEST_CASE("what says the same as a word that was wrong is as wrong") {
    told_gate it;
    const hints both =
        telling(38500ms, opening_hint::retry_after_ms, other_opening{opening_hint::retry_after, 39s});
    for (int each = 0; each < 4; ++each) it.refuse(start + each * 40s, both);
    CHECK_FALSE(it.gate.is_end());
    CHECK(it.gate.believed_of(start + 160s, both)->kind == opening_hint::retry_after_ms);
}

TEST_CASE("scores of hints: an error halves the weight, being right doubles it") {
    stagger::hint_scores scores;
    CHECK(scores.weight_of(opening_hint::body) == 1);
    scores.proved_false(opening_hint::body);
    CHECK(scores.believes(opening_hint::body));
    scores.proved_false(opening_hint::body);
    CHECK_FALSE(scores.believes(opening_hint::body));
    CHECK(scores.believes(opening_hint::quota));
    for (int each = 0; each < 100; ++each) scores.proved_false(opening_hint::body);
    CHECK(scores.weight_of(opening_hint::body) == stagger::hint_scores::least);
    for (int each = 0; each < 12; ++each) scores.proved_true(opening_hint::body);
    CHECK(scores.weight_of(opening_hint::body) == 1);
}
