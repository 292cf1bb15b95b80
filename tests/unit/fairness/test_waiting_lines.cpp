#include <doctest/doctest.h>

#include <vector>

#include "fairness/waiting_lines.hpp"

using namespace stagger;
using namespace stagger::fairness;

namespace {

class member final : public line_member {
 public:
    void called() override { ++calls; }
    int calls = 0;
};

}  // namespace

TEST_CASE("a few of each kind stand before the coordinator, and one that leaves makes room") {
    waiting_lines lines;
    std::vector<member> who(4);
    std::vector<fair_line::place> places;
    for (member& one : who) places.push_back(lines.join(7, {priority::normal, 1}, one));
    CHECK(lines.waiting() == 4);
    CHECK(lines.waiting(priority::normal) == 4);
    CHECK(lines.waiting(priority::batch) == 0);
    lines.move_on(7, 2);
    CHECK(who[0].calls == 1);
    CHECK(who[1].calls == 1);
    CHECK(who[2].calls == 0);
    CHECK(lines.waiting() == 2);
    CHECK(lines.ahead_of(7, fair_line::newcomer{priority::normal, 1}) == 4);
    CHECK(lines.ahead_of(7, places[3]) == 3);
    lines.move_on(7, 2);
    CHECK(who[2].calls == 0);
    lines.left_gate(7);
    lines.move_on(7, 2);
    CHECK(who[2].calls == 1);
    CHECK(lines.leave(7, places[0]) == std::nullopt);
    CHECK(lines.leave(7, places[3]));
    for (int i = 0; i < 3; ++i) lines.left_gate(7);
    CHECK(lines.ahead_of(7, fair_line::newcomer{priority::normal, 1}) == 0);
    CHECK(lines.waiting() == 0);
}

TEST_CASE("one kind does not hold up another") {
    waiting_lines lines;
    member first;
    member second;
    lines.join(1, {priority::normal, 1}, first);
    lines.join(2, {priority::normal, 1}, second);
    lines.move_on(2, 2);
    CHECK(first.calls == 0);
    CHECK(second.calls == 1);
}

TEST_CASE("the faster the pace, the more are held ready, within bounds") {
    CHECK(waiting_lines::places_at_gate(0) == 1);
    CHECK(waiting_lines::places_at_gate(20) == 1);
    CHECK(waiting_lines::places_at_gate(1000) == 50);
    CHECK(waiting_lines::places_at_gate(1e9) == 256);
}

TEST_CASE("a tenant with as many calls going as it may have is passed over, in all lines") {
    waiting_lines lines(
        [](std::uint64_t tenant) { return tenant == 1 ? std::optional<std::size_t>(2) : std::nullopt; });
    std::vector<member> who(6);
    for (std::size_t i = 0; i < 3; ++i) lines.join(7, {priority::normal, 1}, who[i]);
    lines.join(7, {priority::batch, 2}, who[3]);
    lines.join(8, {priority::normal, 1}, who[4]);
    lines.move_on(7, 10);
    lines.move_on(8, 10);
    CHECK(who[1].calls == 1);
    CHECK(who[2].calls == 0);
    CHECK(who[3].calls == 1);
    CHECK(who[4].calls == 0);
    CHECK(lines.going_of(1) == 2);
    CHECK(lines.waiting_of(1) == 2);
    // A line that is new knows of it, too.
    lines.join(9, {priority::normal, 1}, who[5]);
    lines.move_on(9, 10);
    CHECK(who[5].calls == 0);
    CHECK(lines.ended(2).empty());
    const auto free = lines.ended(1);
    CHECK(free.size() == 3);
    lines.move_on(9, 10);
    CHECK(who[5].calls == 1);
    lines.move_on(7, 10);
    CHECK(who[2].calls == 0);
    CHECK(lines.ended(1).size() == 2);
    lines.move_on(7, 10);
    CHECK(who[2].calls == 1);
}

TEST_CASE("bounds that have changed hold for those who wait") {
    std::size_t most = 1;
    waiting_lines lines([&](std::uint64_t) { return std::optional(most); });
    std::vector<member> who(3);
    for (member& one : who) lines.join(7, {priority::normal, 1}, one);
    lines.move_on(7, 10);
    CHECK(who[1].calls == 0);
    most = 2;
    CHECK(lines.reconsider(usual_class_weights).size() == 1);
    lines.move_on(7, 10);
    CHECK(who[1].calls == 1);
    CHECK(who[2].calls == 0);
    most = 1;
    lines.reconsider(usual_class_weights);
    CHECK(lines.ended(1).empty());
    lines.move_on(7, 10);
    CHECK(who[2].calls == 0);
    CHECK(lines.ended(1).size() == 1);
    lines.move_on(7, 10);
    CHECK(who[2].calls == 1);
}
