#include <doctest/doctest.h>

#include "unit/provider/script.hpp"

using namespace stagger;
using namespace stagger::test;
using provider::unit;
using kind = provider::decision::kind;

namespace {

provider::provider_description changing(std::vector<provider::limit> before, duration when,
                                        std::vector<provider::limit> after) {
    auto description = limited_by(std::move(before));
    description.changes.push_back({when, std::move(after)});
    return description;
}

}  // namespace

TEST_CASE("a bucket that changes keeps what it holds and fills at the new rate from then on") {
    script server(changing({bucket(10, 10)}, 10s, {bucket(1, 10)}));
    CHECK(server.admitted_of(99, 9500ms) == 10);
    CHECK(server.admitted_of(99, 11s) == 6);  // half a second at 10 and one at 1
    CHECK(server.admitted_of(99, 13s) == 2);
}

TEST_CASE("a smaller bucket keeps as much as fits, a larger one begins with what there was") {
    script shrinks(changing({bucket(1, 100)}, 10s, {bucket(1, 20)}));
    CHECK(shrinks.admitted_of(30, 10s) == 20);
    script grows(changing({bucket(1, 20)}, 10s, {bucket(1, 100)}));
    CHECK(grows.admitted_of(30, 10s) == 20);
    CHECK(grows.admitted_of(999, 200s) == 100);
}

TEST_CASE("a fixed window that changes goes on counting") {
    script server(changing({fixed(10, 60s)}, 30s, {fixed(12, 20s)}));
    CHECK(server.admitted_of(9, 1s) == 9);
    CHECK(server.admitted_of(9, 35s) == 3);
    CHECK(server.admitted_of(99, 40s) == 12);  // boundaries lie at multiples of 20 s now
}

TEST_CASE("a fixed window that shrinks below its count is full, not negative") {
    auto description = changing({fixed(10, 60s)}, 30s, {fixed(4, 60s)});
    description.hints.headers = provider::header_hint::openai;
    script server(description);
    CHECK(server.admitted_of(9, 1s) == 9);
    const auto answer = server.arrive(31s);
    CHECK(answer.what == kind::reject);
    CHECK(answer.headers.at(0).remaining == 0);
    CHECK(server.admitted_of(9, 60s) == 4);
}

TEST_CASE("a sliding window that changes keeps its log") {
    script server(changing({sliding(5, 10s)}, 8s, {sliding(5, 4s)}));
    CHECK(server.admitted_of(3, 1s) == 3);
    CHECK(server.admitted_of(1, 6s) == 1);
    CHECK(server.admitted_of(9, 8s) == 4);  // those of 1 s are past the shorter window, that of 6 s is not
    CHECK(server.admitted_of(9, 10s) == 1);
}

TEST_CASE("state goes to the limit of the same kind and unit, others begin unused") {
    script server(changing({bucket(1, 5), bucket(1, 500, unit::tokens)}, 10s,
                           {bucket(0.1, 1000, unit::tokens), bucket(0.1, 5), fixed(3, 100s)}));
    CHECK(server.admitted_of(5, 10s - 1ns, 100) == 5);  // both are empty now
    CHECK_FALSE(server.admits(10s, 1));
    CHECK(server.admitted_of(9, 60s, 1) == 3);  // 5 of each have come; the window is the tightest
}

TEST_CASE("a change that removes every limit opens the provider") {
    script server(changing({bucket(1, 1)}, 10s, {}));
    CHECK(server.model().next_change() == at(10s));
    CHECK(server.admitted_of(9, 9s) == 1);
    CHECK(server.admitted_of(9, 10s) == 9);
    CHECK(server.model().next_change() == never);
}

TEST_CASE("changes happen in the order of time, several in one silence too") {
    auto description = limited_by({bucket(1, 10)});
    description.changes.push_back({20s, {bucket(3, 10)}});
    description.changes.push_back({10s, {bucket(0.001, 10)}});
    script server(description);
    CHECK(server.admitted_of(99, 10s) == 10);
    CHECK(server.admitted_of(99, 22s) == 6);
}

TEST_CASE("a concurrency limit that comes later counts what is in flight already") {
    script server(changing({}, 10s, {at_most(3)}));
    const auto first = server.arrive(9s);
    const auto second = server.arrive(9s);
    CHECK(server.admitted_of(5, 10s) == 1);
    server.depart(11s, first.id);
    server.depart(11s, second.id);
    CHECK(server.admitted_of(5, 11s) == 2);
}

TEST_CASE("a concurrency limit that falls lets those in flight finish first") {
    script server(changing({at_most(3)}, 10s, {at_most(1)}));
    const auto first = server.arrive(9s);
    const auto second = server.arrive(9s);
    const auto third = server.arrive(9s);
    server.depart(10s, first.id);
    CHECK_FALSE(server.admits(10s));
    server.depart(10s, second.id);
    CHECK_FALSE(server.admits(10s));
    server.depart(10s, third.id);
    CHECK(server.admitted_of(3, 10s) == 1);
}

TEST_CASE("a rise lets the line in at the instant of the change") {
    script server(changing({at_most(1, 9, 100s)}, 10s, {at_most(3, 9, 100s)}));
    CHECK(server.admits(0s));
    const auto second = server.arrive(1s);
    const auto third = server.arrive(2s);
    const auto fourth = server.arrive(3s);
    CHECK(server.model().next_event() == at(10s));
    const auto events = server.events(10s);
    REQUIRE(events.size() == 2);
    CHECK(events[0].id == second.id);
    CHECK(events[1].id == third.id);
    CHECK(server.model().next_event() == at(103s));
    server.depart(11s, second.id);
    CHECK(server.events(11s).at(0).id == fourth.id);
}
