#include <doctest/doctest.h>

#include "fleet/seat.hpp"

using namespace stagger::fleet;
using namespace std::chrono_literals;
using stagger::coordinator_mode;
using stagger::coordinator_options;
using stagger::limit_kind;
using stagger::never;
using stagger::remembered_limits;
using stagger::time_point;

namespace {

const time_point start = time_point{} + 1h;

template <class Errand>
std::vector<Errand> only(const std::vector<errand>& all) {
    std::vector<Errand> found;
    for (const errand& each : all) {
        if (const auto* one = std::get_if<Errand>(&each)) found.push_back(*one);
    }
    return found;
}

struct fixture {
    seat one{coordinator_options().requests_per_minute(6000), 1};

    void lead(time_point now, term_number term = 7) {
        one.connected(now);
        REQUIRE(only<errands::bid>(one.next(now)).size() == 1);
        one.won(now, term, std::nullopt);
    }
};

}  // namespace

TEST_CASE("without a store nobody bids; with one, at once") {
    fixture all;
    CHECK(all.one.next(start).empty());
    CHECK(all.one.wakes_at() == never);
    all.one.connected(start);
    CHECK(all.one.wakes_at() <= start);
    CHECK(only<errands::bid>(all.one.next(start)).size() == 1);
    CHECK(all.one.next(start).empty());  // one at a time
}

TEST_CASE("who leads tells everybody at once, four times a second, and keeps its seat") {
    fixture all;
    all.lead(start);
    auto todo = all.one.next(start);
    CHECK(only<errands::tell_all>(todo).size() == 1);
    CHECK(only<errands::tell_all>(todo)[0].message.starts_with("heartbeat 7 100 1 ride"));
    CHECK(only<errands::renew>(todo).size() == 1);
    CHECK(all.one.wakes_at() == start + seat::beats_every);
    std::size_t beats = 0;
    std::size_t renewals = 0;
    for (time_point now = start + 1ms; now < start + 3s; now = all.one.wakes_at()) {
        todo = all.one.next(now);
        beats += only<errands::tell_all>(todo).size();
        renewals += only<errands::renew>(todo).size();
        all.one.renewed(now, true);
    }
    CHECK(all.one.leads());
    CHECK(beats == 11);
    CHECK(renewals == 9);
}

TEST_CASE("slots are planned for who asks, and nobody's once it is gone") {
    fixture all;
    all.lead(start);
    all.one.next(start);
    all.one.heard_report(start, "report m1 7 0 100 100");
    CHECK(all.one.wakes_at() <= start + 3ms);
    const auto told = only<errands::tell>(all.one.next(start + 3ms));
    REQUIRE(told.size() == 1);
    CHECK(told[0].member == "m1");
    CHECK(told[0].message.starts_with("slots 7 1@"));
    all.one.member_gone(start + 3ms, "m1");
    CHECK(only<errands::tell>(all.one.next(start + 100ms)).empty());
    CHECK_THROWS_AS(all.one.heard_report(start, "report m1"), std::invalid_argument);
}

TEST_CASE("a seat is given up where it cannot be renewed, is another's, or the store is gone") {
    fixture all;
    all.lead(start);
    all.one.next(start);
    SUBCASE("no answer") {
        const auto todo = all.one.next(start + seat::held_for);
        CHECK(only<errands::step_down>(todo).size() == 1);
    }
    SUBCASE("another's") {
        all.one.renewed(start + 10ms, false);
        CHECK(all.one.wakes_at() == time_point{});
        CHECK(only<errands::step_down>(all.one.next(start + 10ms)).size() == 1);
    }
    SUBCASE("a later leader is heard") {
        all.one.heard_beat(start + 10ms, {8, 50, 2, coordinator_mode::ride, true, false, {}});
        CHECK(only<errands::step_down>(all.one.next(start + 10ms)).size() == 1);
        // Its term is the one to go beyond.
        CHECK(only<errands::bid>(all.one.next(start + 800ms)).at(0).above == 8);
    }
    SUBCASE("the store is gone") {
        all.one.disconnected(start + 10ms);
        CHECK(all.one.next(start + 10ms).empty());
        CHECK(all.one.wakes_at() == never);
        all.one.connected(start + 5s);
        CHECK(only<errands::bid>(all.one.next(start + 5s)).size() == 1);
    }
    CHECK_FALSE(all.one.leads());
}

TEST_CASE("its own heartbeat is no reason to stand up") {
    fixture all;
    all.lead(start);
    all.one.heard_beat(start + 1ms, {7, 50, 2, coordinator_mode::ride, true, false, {}});
    CHECK(all.one.leads());
}

TEST_CASE("where somebody leads, the seat is bid for only once it is silent or nobody listens") {
    fixture all;
    all.one.connected(start);
    all.one.next(start);
    all.one.not_won(start);
    time_point now = start;
    for (; now < start + 2s; now += 250ms) {
        all.one.heard_leader(now);
        CHECK(all.one.next(now).empty());
    }
    SUBCASE("silent") {
        CHECK(all.one.wakes_at() == now - 250ms + seat::bids_after);
        CHECK(only<errands::bid>(all.one.next(all.one.wakes_at())).size() == 1);
    }
    SUBCASE("nobody listens") {
        all.one.nobody_listens(now);
        CHECK(only<errands::bid>(all.one.next(now)).size() == 1);
    }
}

TEST_CASE("a bid without an answer is tried again") {
    fixture all;
    all.one.connected(start);
    all.one.next(start);
    CHECK(all.one.wakes_at() == start + 1s);
    CHECK(all.one.next(start + 1s).empty());
    CHECK(all.one.wakes_at() > start + 1s);
    CHECK(all.one.wakes_at() <= start + 1500ms);
    CHECK(only<errands::bid>(all.one.next(start + 1500ms)).size() == 1);
}

TEST_CASE("what the last leader had learned is what the next begins with, where the store has forgotten it") {
    seat one({}, 1);
    one.connected(start);
    const remembered_limits limits{limit_kind::rate, 80, {}, {}, {}, {}, {}, 5, {}};
    one.heard_beat(start, {6, 80, 2, coordinator_mode::ride, true, false, limits});
    one.next(start + 600ms);
    one.won(start + 600ms, 7, std::nullopt);
    const auto renewal = only<errands::renew>(one.next(start + 600ms)).at(0);
    CHECK(renewal.limits == "rate 80 - - - - - 5");
    CHECK(renewal.state.starts_with("0 heartbeat 7 "));
}
