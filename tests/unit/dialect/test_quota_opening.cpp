#include <doctest/doctest.h>

#include "base/date.hpp"
#include "dialect/quota_opening.hpp"

using stagger::wire::next_midnight_pacific;
using stagger::wire::next_month_utc;

namespace {

double at(const char* text) {
    return stagger::wire::parse_rfc3339(text).value();
}

}  // namespace

TEST_CASE("a month ends with its last day, and a year with December") {
    CHECK(next_month_utc(at("2026-11-30T01:54:00Z")) == at("2026-12-01T00:00:00Z"));
    CHECK(next_month_utc(at("2026-12-31T23:59:59Z")) == at("2027-01-01T00:00:00Z"));
    CHECK(next_month_utc(at("2028-02-29T12:00:00Z")) == at("2028-03-01T00:00:00Z"));
    CHECK(next_month_utc(at("2026-12-01T00:00:00Z")) == at("2027-01-01T00:00:00Z"));
}

TEST_CASE("days end at midnight in California, eight hours behind UTC or seven") {
    CHECK(next_midnight_pacific(at("2026-11-30T07:59:00Z")) == at("2026-11-30T08:00:00Z"));
    CHECK(next_midnight_pacific(at("2026-11-30T08:00:00Z")) == at("2026-12-01T08:00:00Z"));
    CHECK(next_midnight_pacific(at("2026-07-04T06:59:00Z")) == at("2026-07-04T07:00:00Z"));
    CHECK(next_midnight_pacific(at("2026-07-04T07:00:00Z")) == at("2026-07-05T07:00:00Z"));
}

TEST_CASE("the days on which the clocks change have 23 and 25 hours") {
    // The 8th of March 2026, and the 1st of November.
    CHECK(next_midnight_pacific(at("2026-03-08T08:30:00Z")) == at("2026-03-09T07:00:00Z"));
    CHECK(next_midnight_pacific(at("2026-03-08T07:30:00Z")) == at("2026-03-08T08:00:00Z"));
    CHECK(next_midnight_pacific(at("2026-11-01T07:30:00Z")) == at("2026-11-02T08:00:00Z"));
    CHECK(next_midnight_pacific(at("2026-11-01T06:30:00Z")) == at("2026-11-01T07:00:00Z"));
}

TEST_CASE("a clock that is wrong gives a time all the same") {
    CHECK(next_month_utc(-5) == at("1970-02-01T00:00:00Z"));
    CHECK(next_midnight_pacific(1e300) > 0);
}
