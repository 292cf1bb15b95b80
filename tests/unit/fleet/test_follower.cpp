#include <doctest/doctest.h>

#include <algorithm>

#include "fleet/follower.hpp"

using namespace stagger::fleet;
using namespace std::chrono_literals;
using stagger::coordinator_mode;
using stagger::coordinator_options;
using stagger::coordinator_status;
using stagger::cost;
using stagger::departure;
using stagger::line_view;
using stagger::time_point;
using stagger::wait_reason;

namespace {

const time_point start = time_point{} + 1h;

line_view waiting(std::size_t count, std::size_t in_flight = 0) {
    line_view view;
    view.backlog = count;
    view.in_flight = in_flight;
    return view;
}

std::string beat(term_number term, double per_s, std::uint64_t active) {
    return format(heartbeat{term, per_s, active, coordinator_mode::ride, true, false, {}});
}

struct fixture {
    follower member{coordinator_options().fleet_member("m1").max_in_flight(2000), 1};

    report said(time_point now, const line_view& line) {
        const std::string text = member.say(now, line);
        REQUIRE_MESSAGE(!text.empty(), "nothing to say");
        return parse_report(text);
    }
    /// Heard of term 1, and asked for slots.
    void begin(std::size_t count) {
        member.next_opening(start, waiting(count));
        member.hear(start, beat(1, 100, 4));
        CHECK(said(start, waiting(count)).wanted == count);
    }
    void plan(time_point now, std::vector<slot> planned, term_number term = 1) {
        member.hear(now, format(slots{term, std::move(planned)}));
    }
};

}  // namespace

TEST_CASE("a member asks for what it could use, and sends when its slots come") {
    fixture all;
    CHECK(all.member.next_opening(start, waiting(3)).at == start + follower::lost_after);
    CHECK(all.member.say(start, waiting(3)).empty());  // there is nobody to tell yet
    all.member.hear(start, beat(1, 100, 4));
    CHECK(all.member.speaks_at() == start);
    const report first = all.said(start, waiting(3));
    CHECK(first == report{"m1", 1, 0, 3, 3, {}});
    CHECK(all.member.say(start, waiting(3)).empty());
    all.plan(start + 1ms, {{11, 40ms}, {12, 50ms}});
    CHECK(all.member.next_opening(start + 1ms, waiting(3)).at == start + 41ms);
    const departure sent = all.member.on_send(start + 41ms, cost{1, 0});
    CHECK(all.member.next_opening(start + 41ms, waiting(2, 1)).at == start + 51ms);
    all.member.on_accepted(start + 45ms, sent, {});
    CHECK(all.member.speaks_at() == start + 47ms);
    const report next = all.said(start + 47ms, waiting(2));
    CHECK(next.received == 2);
    CHECK(next.outcomes == std::vector<outcome>{{11, fate::accepted, {}}});
}

TEST_CASE("a refusal is told at once, with what the server said") {
    fixture all;
    all.begin(1);
    all.plan(start, {{11, 0ms}});
    const departure sent = all.member.on_send(start, cost{1, 0});
    stagger::hints said;
    said.retry_after = 2s;
    all.member.on_throttled(start + 5ms, sent, said);
    CHECK(all.member.speaks_at() == start + 5ms);
    CHECK(all.said(start + 5ms, waiting(1)).outcomes == std::vector<outcome>{{11, fate::throttled, said}});
}

TEST_CASE("every ending is told as what it is; that of a stream in two parts") {
    fixture all;
    all.begin(4);
    all.plan(start, {{1, 0ms}, {2, 0ms}, {3, 0ms}});
    const departure streamed = all.member.on_send(start, cost{1, 0});
    const departure failed = all.member.on_send(start, cost{1, 0});
    const departure dropped = all.member.on_send(start, cost{1, 0});
    all.member.on_answering(start, streamed, {});
    all.member.on_failed(start, failed);
    all.member.on_abandoned(start, dropped);
    all.member.on_answered(start, streamed);
    CHECK(all.said(start + 1s - 1ms, waiting(1)).outcomes == std::vector<outcome>{{1, fate::answering, {}},
                                                                                  {2, fate::failed, {}},
                                                                                  {3, fate::abandoned, {}},
                                                                                  {1, fate::ended, {}}});
}

TEST_CASE("a slot that comes to nothing goes back after half a second") {
    fixture all;
    all.begin(2);
    all.plan(start, {{1, 10ms}, {2, 300ms}});
    CHECK(all.member.speaks_at() <= start + 511ms);
    all.member.hear(start + 400ms, beat(1, 100, 4));
    CHECK(all.member.say(start + 511ms, waiting(0)).empty());
    const report said = all.said(start + 513ms, waiting(0));
    CHECK(said.outcomes == std::vector<outcome>{{1, fate::unsent, {}}});
    CHECK(all.member.next_opening(start + 511ms, waiting(1)).at == start + 300ms);
    CHECK(all.member.state(start + 511ms).slots_returned == 1);
}

TEST_CASE("no more is asked for than there are places in flight, or waits for slots alone") {
    follower member(coordinator_options().fleet_member("m").max_in_flight(10), 1);
    member.next_opening(start, waiting(100, 4));
    member.hear(start, beat(1, 100, 4));
    CHECK(parse_report(member.say(start, waiting(100, 4))).wanted == 6);
    line_view view = waiting(100);
    view.delayed = 95;
    follower other(coordinator_options().fleet_member("m"), 1);
    other.hear(start, beat(1, 100, 4));
    const report said = parse_report(other.say(start, view));
    CHECK(said.wanted == 5);
    CHECK(said.backlog == 5);
}

TEST_CASE("where nothing is heard for a second, a member goes on at its share, and comes back") {
    fixture all;
    all.begin(500);
    all.plan(start, {{1, 2s}});
    time_point now = start + follower::lost_after;
    CHECK(all.member.speaks_at() <= now);
    std::size_t sent = 0;
    for (; now < start + 11s; now += 1ms) {
        while (all.member.next_opening(now, waiting(1000)).at <= now) {
            const departure made = all.member.on_send(now, cost{1, 0});
            all.member.on_accepted(now, made, {});
            ++sent;
        }
    }
    CHECK(all.member.state(now).is_alone);
    CHECK(all.member.state(now).times_alone == 1);
    // 100/s among 4, less 3 %, for 10 s.
    CHECK(sent >= 238);
    CHECK(sent <= 252);
    all.member.hear(now, beat(1, 80, 2));
    CHECK_FALSE(all.member.state(now).is_alone);
    CHECK(all.member.state(now).share_per_s == 40);
    CHECK(all.member.state(now).alone_for == 10s);
    // The slot that it had is given back, and nothing of what it sent by itself is told.
    CHECK(all.said(now, waiting(1000)).outcomes == std::vector<outcome>{{1, fate::unsent, {}}});
}

TEST_CASE("members that lose the fleet together do not start together") {
    std::vector<time_point> first;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        follower member(coordinator_options().fleet_member("m"), seed);
        member.hear(start, beat(1, 10, 50));
        const auto next = member.next_opening(start + follower::lost_after, waiting(10));
        first.push_back(next.at);
    }
    std::sort(first.begin(), first.end());
    CHECK(first.back() <= start + 6200ms);
    // One fifth of a request a second each: they spread over five seconds.
    CHECK(first[40] - first[10] > 1500ms);
}

TEST_CASE("a member that never hears of a fleet is a client by itself after a second") {
    fixture all;
    CHECK(all.member.next_opening(start, waiting(5)).at == start + 1s);
    CHECK(all.member.next_opening(start + 1s, waiting(5)).at <= start + 1s);
    CHECK(all.member.state(start + 1s).is_alone);
    CHECK(all.member.state(start + 1s).members == 0);
    CHECK(all.member.say(start + 1s, waiting(5)).empty());
}

TEST_CASE("a new leader is told everything anew; what was of the one before is forgotten") {
    fixture all;
    all.begin(10);
    all.plan(start, {{1, 10ms}, {2, 20ms}});
    const departure sent = all.member.on_send(start + 10ms, cost{1, 0});
    all.member.hear(start + 15ms, beat(2, 100, 4));
    const report said = all.said(start + 15ms, waiting(9, 1));
    CHECK(said == report{"m1", 2, 0, 9, 9, {}});
    all.member.on_accepted(start + 20ms, sent, {});
    CHECK(all.member.say(start + 40ms, waiting(9)).empty());
    all.plan(start + 50ms, {{3, 10ms}}, 1);  // of the old one, late
    CHECK(all.member.next_opening(start + 50ms, waiting(9)).at > start + 900ms);
    all.member.hear(start + 60ms, beat(1, 7, 1));
    CHECK(all.member.state(start + 60ms).fleet_per_s == 100);
}

TEST_CASE("a message that makes no sense changes nothing") {
    fixture all;
    all.begin(1);
    CHECK_THROWS_AS(all.member.hear(start, "heartbeat 9 x"), std::invalid_argument);
    CHECK(all.member.state(start).term == 1);
}

TEST_CASE("silence is no death: a member says something every five seconds") {
    fixture all;
    all.begin(1);
    time_point now = start;
    for (; now < start + 4700ms; now += 250ms) all.member.hear(now, beat(1, 100, 4));
    CHECK(all.member.say(now, waiting(0)).empty());
    CHECK(all.member.speaks_at() <= start + 5s);
    CHECK(all.said(start + 5s, waiting(0)).outcomes.empty());
}

TEST_CASE("outcomes beyond a message's bound follow in the next") {
    fixture all;
    all.begin(400);
    std::vector<slot> planned;
    for (slot_number each = 1; each <= 100; ++each) planned.push_back({each, 0ms});
    all.plan(start, planned);
    for (int each = 0; each < 100; ++each)
        all.member.on_accepted(start, all.member.on_send(start, cost{1, 0}), {});
    CHECK(all.said(start + 20ms, waiting(300)).outcomes.size() == most_outcomes);
    CHECK(all.member.speaks_at() == start + 20ms);
    CHECK(all.said(start + 20ms, waiting(300)).outcomes.size() == 100 - most_outcomes);
}

TEST_CASE("it is shown as the fleet stands: its mode, its limit, the member's share") {
    fixture all;
    all.begin(1);
    coordinator_status seen;
    all.member.describe(start, seen);
    CHECK(seen.pace_per_s == 25);
    CHECK(seen.measured_per_s == 100);
    CHECK(seen.mode == coordinator_mode::ride);
    all.member.hear(start, format(heartbeat{1, 90, 4, coordinator_mode::closed, true, false, {}}));
    CHECK(all.member.next_opening(start, waiting(1)).why == wait_reason::closed);
}
