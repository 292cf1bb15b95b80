#include <doctest/doctest.h>

#include <map>

#include "fleet/planner.hpp"

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
constexpr term_number term = 7;

/// A told rate, so that nothing but the planner decides.
planner told(double per_s) {
    return {coordinator_options().requests_per_minute(60 * per_s), std::nullopt, term, 1, start};
}

report wants(const std::string& who, std::uint64_t wanted, std::uint64_t received = 0) {
    return {who, term, received, wanted, wanted, {}};
}

std::map<std::string, std::vector<slot>> by_member(const std::vector<parcel>& parcels) {
    std::map<std::string, std::vector<slot>> all;
    for (const parcel& each : parcels) {
        CHECK(each.what.term == term);
        auto& to = all[each.member];
        to.insert(to.end(), each.what.planned.begin(), each.what.planned.end());
    }
    return all;
}

}  // namespace

TEST_CASE("slots are planned a little ahead, at the pace, and in turn") {
    planner leader = told(100);
    leader.hear(start, wants("a", 500));
    leader.hear(start, wants("b", 500));
    CHECK(leader.plans_at() <= start + 3ms);
    std::map<std::string, std::size_t> counts;
    time_point now = start;
    for (int tick = 0; tick < 100; ++tick, now = leader.plans_at()) {
        for (const auto& [who, planned] : by_member(leader.plan(now))) {
            counts[who] += planned.size();
            for (const slot& each : planned) {
                CHECK(each.in >= planner::usual_lead - 1ms);
                CHECK(each.in <= planner::usual_lead + planner::usual_tick);
            }
        }
        CHECK(leader.plans_at() == now + planner::usual_tick);
    }
    CHECK(counts["a"] + counts["b"] >= 198);  // 2 s at 100/s
    CHECK(counts["a"] + counts["b"] <= 212);
    CHECK(counts["a"] - counts["b"] + 2 <= 4);
}

TEST_CASE("nothing is planned for members that want nothing; plans go on once one does") {
    planner leader = told(100);
    CHECK(leader.plan(start).empty());
    CHECK(leader.plans_at() == never);
    leader.hear(start, wants("a", 2));
    std::size_t given = 0;
    for (time_point now = start; leader.plans_at() != never; now += 20ms)
        given += by_member(leader.plan(now))["a"].size();
    CHECK(given == 2);
    leader.hear(start + 1s, wants("a", 3, 2));
    CHECK(leader.plans_at() != never);
    CHECK(by_member(leader.plan(start + 1s))["a"].size() == 1);
}

TEST_CASE("whoever joins late gets an equal share from then on, and no more") {
    planner leader = told(100);
    leader.hear(start, wants("a", 1000));
    time_point now = start;
    for (; now < start + 2s; now += 20ms) leader.plan(now);
    leader.hear(now, wants("b", 1000));
    std::map<std::string, std::size_t> counts;
    for (; now < start + 4s; now += 20ms) {
        for (const auto& [who, planned] : by_member(leader.plan(now))) counts[who] += planned.size();
    }
    CHECK(counts["b"] >= 98);
    CHECK(counts["b"] <= 106);
    CHECK(counts["a"] >= 97);
}

TEST_CASE("what is of another term is passed over") {
    planner leader = told(100);
    report old = wants("a", 10);
    old.term = term - 1;
    leader.hear(start, old);
    CHECK(leader.members() == 0);
    CHECK(leader.plans_at() == never);
}

TEST_CASE("a member that is dropped, or silent, gets no more; one that comes back counts from what it had") {
    planner leader = told(100);
    leader.hear(start, wants("a", 500));
    leader.hear(start, wants("b", 500));
    by_member(leader.plan(start));
    leader.drop(start, "a");
    CHECK(leader.members() == 1);
    for (time_point now = start; now < start + 1s; now += 20ms)
        CHECK(by_member(leader.plan(now)).count("a") == 0);
    // Two of its slots had reached it, whatever else was on its way.
    leader.hear(start + 1s, wants("a", 3, 2));
    std::size_t given = 0;
    for (time_point now = start + 1s; now < start + 2s; now += 20ms)
        given += by_member(leader.plan(now))["a"].size();
    CHECK(given == 1);
    CHECK(leader.beat(start + 2s).active == 2);
    leader.beat(start + 2s + planner::silent_after + 1ms);
    CHECK(leader.members() == 0);
}

TEST_CASE("no member wants more than is sensible, and a message has no more slots than fit") {
    planner leader({coordinator_options().requests_per_minute(60.0 * 30'000)}, std::nullopt, term, 1, start);
    leader.hear(start, wants("a", std::uint64_t{1} << 60));
    std::size_t given = 0;
    for (time_point now = start; leader.plans_at() != never; now += 20ms) {
        for (const parcel& each : leader.plan(now)) {
            CHECK(each.what.planned.size() <= most_slots);
            given += each.what.planned.size();
        }
    }
    CHECK(given == 1024);
}

TEST_CASE("while the limit is closed, one probe of one member is out") {
    const remembered_limits known{limit_kind::rate, 100, 1, {}, {}, {}, {}, 9, {}};
    planner leader({}, known, term, 1, start);
    for (const char* who : {"a", "b", "c"}) leader.hear(start, wants(who, 500));
    time_point now = start;
    bool closed = false;
    std::size_t most_out = 0;
    std::map<slot_number, std::string> out;
    // Everything is refused, 50 ms after its slot.
    std::vector<std::pair<time_point, report>> answers;
    for (; now < start + 20s; now += 20ms) {
        for (auto each = answers.begin(); each != answers.end();) {
            if (each->first > now) {
                ++each;
                continue;
            }
            out.erase(each->second.outcomes.front().slot);
            leader.hear(now, each->second);
            each = answers.erase(each);
        }
        closed = leader.beat(now).mode == coordinator_mode::closed;
        for (const auto& [who, planned] : by_member(leader.plan(now))) {
            for (const slot& each : planned) {
                out.emplace(each.number, who);
                report said = wants(who, 500);
                said.outcomes.push_back({each.number, fate::throttled, {}});
                answers.emplace_back(now + each.in + 50ms, said);
            }
        }
        if (closed && now > start + 5s) most_out = std::max(most_out, out.size());
    }
    CHECK(closed);
    CHECK(most_out == 1);
}

// Doubted, it would be doubled every second until something is refused: 3,200/s by the end of this.
TEST_CASE("a leader takes over what the fleet had learned, and tests it as its own") {
    const remembered_limits known{limit_kind::rate, 100, {}, {}, {}, {}, {}, 9, {}};
    planner leader({}, known, term, 1, start);
    CHECK(leader.learned(start) == known);
    leader.hear(start, wants("a", 900));
    std::size_t given = 0;
    std::vector<std::pair<time_point, slot_number>> flying;
    for (time_point now = start; now < start + 5s; now += 3ms) {
        report said = wants("a", 900 + given, given);
        while (!flying.empty() && flying.front().first <= now && said.outcomes.size() < most_outcomes) {
            said.outcomes.push_back({flying.front().second, fate::accepted, {}});
            flying.erase(flying.begin());
        }
        leader.hear(now, said);
        auto planned = by_member(leader.plan(now));
        for (const slot& each : planned["a"]) {
            ++given;
            flying.emplace_back(now + each.in + 50ms, each.number);
        }
    }
    CHECK(given >= 470);
    CHECK(given <= 1500);
    const auto beat = leader.beat(start + 5s);
    CHECK(beat.per_s < 1000);
    CHECK(beat.active == 1);
}

// Sent, whatever is refused meanwhile: at a thousand a second each hundredth of a second is ten refusals.
TEST_CASE("while the pace grows far above the limit that was held, slots are planned at the last moment") {
    const remembered_limits known{limit_kind::rate, 100, {}, {}, {}, {}, {}, 9, {}};
    planner leader({}, known, term, 1, start);
    std::size_t given = 0;
    std::vector<std::pair<time_point, slot_number>> flying;
    stagger::duration first{};
    stagger::duration last{};
    double pace = 0;
    for (time_point now = start; now < start + 120s && pace < 400; now += 1ms) {
        report said = wants("a", 900 + given, given);
        while (!flying.empty() && flying.front().first <= now && said.outcomes.size() < most_outcomes) {
            said.outcomes.push_back({flying.front().second, fate::accepted, {}});
            flying.erase(flying.begin());
        }
        leader.hear(now, said);
        if (leader.plans_at() > now) continue;
        const auto planned = by_member(leader.plan(now));
        if (planned.empty()) continue;
        for (const slot& each : planned.at("a")) {
            ++given;
            flying.emplace_back(now + each.in + 50ms, each.number);
            if (given == 1) first = each.in;
            last = each.in;
        }
        pace = leader.beat(now).per_s;
    }
    CHECK(pace >= 400);
    CHECK(first >= planner::usual_lead - 1ms);
    CHECK(last <= 3 * planner::short_lead);
}
