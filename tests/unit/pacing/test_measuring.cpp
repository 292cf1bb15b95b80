#include <doctest/doctest.h>

#include "pacing/measured/rate_estimator.hpp"
#include "sends.hpp"

using namespace sends;
using stagger::estimate;
using stagger::rate_estimator;

TEST_CASE("what was admitted between two sends is what was sent and not rejected") {
    send_log log;
    const departure from = add(log, start);
    accepted(log, start, 10, 10ms);
    add(log, start + 110ms, outcome::rejected);
    add(log, start + 120ms, outcome::neutral);
    accepted(log, start + 120ms, 5, 10ms);
    const departure to = add(log, start + 200ms);
    CHECK(log.admitted_between(from, to) == 16);
    CHECK(log.admitted_between(to, from) == 0);
    CHECK(log.admitted_between(from, from) == 0);
}

TEST_CASE("what was not sent after all was not admitted either") {
    send_log log;
    const departure from = add(log, start);
    const departure second = add(log, start + 10ms, outcome::neutral);
    const departure first = add(log, start + 20ms, outcome::neutral);
    accepted(log, start + 20ms, 5, 10ms);
    const departure to = add(log, start + 200ms);
    CHECK(log.admitted_between(from, to) == 7);
    log.note_unsent(first);
    log.note_unsent(second);
    CHECK(log.admitted_between(from, to) == 5);
    CHECK(log.admitted_between(second, to) == 5);
    CHECK(log.rejections().empty());
}

TEST_CASE("the log's memory is bounded and sums reach beyond it") {
    send_log log;
    const departure from = add(log, start);
    accepted(log, start, 100000, 1ms);
    add(log, start + 101s, outcome::rejected);
    const departure to = add(log, start + 102s);
    CHECK_FALSE(log.remembers(from.number));
    CHECK(log.remembers(to.number));
    CHECK(log.remembers(log.size() - send_log::sends_kept));
    CHECK(log.admitted_between(from, to) == 100000);

    for (int each = 0; each < 3000; ++each) add(log, start + 103s + each * 1ms, outcome::rejected);
    CHECK(log.rejections().size() == send_log::rejections_kept);
}

TEST_CASE("a late answer to a send that is forgotten changes nothing") {
    send_log log;
    const departure old = log.add(start, {1, 0}, 10, 1, true);
    accepted(log, start, send_log::sends_kept, 1ms);
    log.settle(old, outcome::rejected, start + 1h);
    CHECK(log[send_log::sends_kept].result == outcome::accepted);
}

TEST_CASE("rejections that overtake each other are kept in the order of sending") {
    send_log log;
    const departure first = log.add(start, {1, 0}, 10, 1, true);
    const departure second = log.add(start + 10ms, {1, 0}, 10, 2, true);
    log.note_rejection(second, true);
    log.note_rejection(first, true);
    CHECK(log.rejections().front().sent.number == first.number);
    CHECK(log.onset_before(second.number)->number == first.number);
    CHECK(log.onset_before(first.number) == nullptr);
}

TEST_CASE("a run of rejections counts back to the last admission, past accidents") {
    send_log log;
    add(log, start);
    add(log, start + 1s, outcome::rejected);
    add(log, start + 2s, outcome::neutral);
    const departure last = add(log, start + 3s, outcome::rejected);
    const auto run = run_ending_at(log, last);
    CHECK(run.length == 2);
    CHECK(run.since == start + 1s);
    CHECK_FALSE(run.first);
}

TEST_CASE("the share of recent sends that was rejected") {
    send_log log;
    accepted(log, start, 400, 1ms);
    for (int each = 0; each < 100; ++each) add(log, start + 1s + each * 1ms, outcome::rejected);
    CHECK(log.recent_waste(500) == doctest::Approx(0.2));
}

TEST_CASE("two rejections measure the limit from what was admitted between them") {
    send_log log;
    rate_estimator estimator(0.01);
    add(log, start, outcome::rejected);
    const time_point last = accepted(log, start, 100, 20ms);
    const departure rejected = add(log, last + 20ms, outcome::rejected);
    const estimate found = estimator.up_to(log, rejected);
    REQUIRE(found.precise);
    CHECK(*found.precise == doctest::Approx(50).epsilon(0.02));
    CHECK(found.admitted == 100);
}

TEST_CASE("the quick measurement sees a fall that the precise one averages away") {
    send_log log;
    rate_estimator estimator(0.01);
    add(log, start, outcome::rejected);
    const time_point fast = accepted(log, start, 90, 10ms);
    add(log, fast + 10ms, outcome::rejected);
    const time_point slow = accepted(log, fast + 10ms, 25, 40ms);
    const estimate found = estimator.up_to(log, add(log, slow + 40ms, outcome::rejected));
    REQUIRE(found.quick);
    REQUIRE(found.precise);
    CHECK(*found.quick == doctest::Approx(25).epsilon(0.05));
    CHECK(*found.precise > 50);
}

// What was refused of the last sends may not be known yet: over 20 ms that would be a good part.
TEST_CASE("however fast it goes, a measurement spans a tenth of a second") {
    send_log log;
    rate_estimator estimator(0.01);
    add(log, start, outcome::rejected);
    const time_point middle = accepted(log, start, 600, 200us);
    add(log, middle + 200us, outcome::rejected);
    const time_point last = accepted(log, middle + 200us, 100, 200us);
    const estimate found = estimator.up_to(log, add(log, last + 200us, outcome::rejected));
    CHECK(found.admitted == 700);
    CHECK(found.span >= 100ms);
}

TEST_CASE("too few admissions, or a barrier between, measure nothing") {
    send_log log;
    rate_estimator estimator(0.01);
    const departure first = add(log, start, outcome::rejected);
    time_point last = accepted(log, start, 10, 20ms);
    departure rejected = add(log, last + 20ms, outcome::rejected);
    CHECK_FALSE(estimator.up_to(log, rejected).precise);
    CHECK(estimator.up_to(log, rejected).admitted == 10);

    last = accepted(log, last + 20ms, 60, 20ms);
    rejected = add(log, last + 20ms, outcome::rejected);
    CHECK(estimator.up_to(log, rejected).precise);
    estimator.forget_before(first.number + 1);
    CHECK(estimator.up_to(log, rejected).admitted == 60);
    estimator.forget_before(rejected.number);
    CHECK(estimator.up_to(log, rejected).admitted == 0);
}

TEST_CASE("after a closed time the limit is measured from the admission that ended it") {
    send_log log;
    rate_estimator estimator(0.01);
    add(log, start, outcome::rejected);
    const departure reopened = add(log, start + 10s);
    accepted(log, start + 10s, 99, 10ms);
    const departure rejected = add(log, start + 11s, outcome::rejected);
    CHECK(*estimator.up_to(log, rejected).precise == doctest::Approx(100 / 11.0));
    estimator.measure_from(reopened);
    const estimate found = estimator.up_to(log, rejected);
    CHECK(found.admitted == 100);
    CHECK(*found.precise == doctest::Approx(100));
    SUBCASE("until rejections enough came since") {
        accepted(log, start + 11s, 200, 10ms);
        const departure next = add(log, start + 13010ms, outcome::rejected);
        CHECK(estimator.up_to(log, next).admitted == 200);
    }
    SUBCASE("until something else is to be forgotten") {
        estimator.forget_before(log.size());
        accepted(log, start + 11s, 200, 10ms);
        CHECK_FALSE(estimator.up_to(log, add(log, start + 13010ms, outcome::rejected)).precise);
    }
}
