#include <doctest/doctest.h>

#include <algorithm>

#include "unit/provider/script.hpp"

using namespace stagger;
using namespace stagger::test;
using provider::header_hint;
using provider::retry_after_hint;
using provider::unit;
using kind = provider::decision::kind;

namespace {

/// The Retry-After of a refusal that has 1.2345678 s to wait.
std::optional<duration> hinted(retry_after_hint what) {
    auto description = limited_by({fixed(1, 1234567800ns)});
    description.hints.retry_after = what;
    description.hints.wrong = 77s;
    script server(description);
    CHECK(server.admits(0s));
    return server.arrive(0s).retry_after;
}

provider::limit_report report_of(const provider::decision& answer, unit counted) {
    const auto found = std::find_if(answer.headers.begin(), answer.headers.end(),
                                    [&](const auto& each) { return each.counts == counted; });
    REQUIRE(found != answer.headers.end());
    return *found;
}

}  // namespace

TEST_CASE("Retry-After: none") {
    CHECK_FALSE(hinted(retry_after_hint::none));
}
TEST_CASE("Retry-After: exact") {
    CHECK(hinted(retry_after_hint::exact) == 1234567800ns);
}
TEST_CASE("Retry-After: integer, whole seconds upwards") {
    CHECK(hinted(retry_after_hint::integer) == 2s);
}
TEST_CASE("Retry-After: milliseconds, upwards") {
    CHECK(hinted(retry_after_hint::milliseconds) == 1235ms);
}
TEST_CASE("Retry-After: wrong, a constant") {
    CHECK(hinted(retry_after_hint::wrong) == 77s);
}

TEST_CASE("an admitted request carries no Retry-After") {
    auto description = limited_by({bucket(1, 1)});
    description.hints.retry_after = retry_after_hint::wrong;
    script server(description);
    const auto answer = server.arrive(0s);
    CHECK(answer.status == 200);
    CHECK_FALSE(answer.retry_after);
}

TEST_CASE("limits are reported only where headers are asked for") {
    script silent(limited_by({bucket(1, 1)}));
    CHECK(silent.arrive(0s).headers.empty());
    auto description = limited_by({at_most(1)});
    description.hints.headers = header_hint::openai;
    script places_only(description);
    CHECK(places_only.arrive(0s).headers.empty());
}

TEST_CASE("a report says what is left after this request, one a unit") {
    auto description =
        limited_by({bucket(10, 20), fixed(5, 60s, 10s), sliding(1000, 30s, unit::tokens), at_most(100)});
    description.hints.headers = header_hint::openai;
    script server(description);
    const auto first = server.arrive(0s, 300);
    CHECK(first.headers.size() == 2);
    const auto requests = report_of(first, unit::requests);
    CHECK(requests.limit == 5);  // the tighter one
    CHECK(requests.remaining == 4);
    CHECK(requests.reset == 10s);
    const auto tokens = report_of(first, unit::tokens);
    CHECK(tokens.limit == 1000);
    CHECK(tokens.remaining == 700);
    CHECK(tokens.reset == 30s);
    // A refusal reports too, and takes nothing.
    const auto refused = server.arrive(1s, 701);
    CHECK(refused.what == kind::reject);
    CHECK(report_of(refused, unit::requests).remaining == 4);
    CHECK(report_of(refused, unit::tokens).remaining == 700);
    CHECK(report_of(refused, unit::tokens).reset == 29s);
}

TEST_CASE("a bucket's reset is the time until it is full, its rest in whole units") {
    auto description = limited_by({bucket(4, 3)});
    description.hints.headers = header_hint::ietf;
    script server(description);
    CHECK(server.admitted_of(2, 0s) == 2);
    const auto answer = server.arrive(125ms);  // 1.5 were there, .5 are left
    CHECK(answer.headers.at(0).remaining == 0);
    CHECK(answer.headers.at(0).reset == 625ms);
}
