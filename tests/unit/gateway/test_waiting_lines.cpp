#include <doctest/doctest.h>

#include <vector>

#include "gateway/waiting_lines.hpp"

using namespace stagger::gateway;

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
    for (member& one : who) places.push_back(lines.join(7, call_class::normal, 1, {}, one));
    CHECK(lines.waiting() == 4);
    CHECK(lines.waiting(call_class::normal) == 4);
    CHECK(lines.waiting(call_class::batch) == 0);
    lines.move_on(7, 2);
    CHECK(who[0].calls == 1);
    CHECK(who[1].calls == 1);
    CHECK(who[2].calls == 0);
    CHECK(lines.waiting() == 2);
    CHECK(lines.before_newcomer(7) == 4);
    CHECK(lines.ahead_of(7, places[3]) == 3);
    lines.move_on(7, 2);
    CHECK(who[2].calls == 0);
    lines.left_gate(7);
    lines.move_on(7, 2);
    CHECK(who[2].calls == 1);
    CHECK(lines.leave(7, places[0]) == std::nullopt);
    CHECK(lines.leave(7, places[3]));
    for (int i = 0; i < 3; ++i) lines.left_gate(7);
    CHECK(lines.before_newcomer(7) == 0);
    CHECK(lines.waiting() == 0);
}

TEST_CASE("one kind does not hold up another") {
    waiting_lines lines;
    member first;
    member second;
    lines.join(1, call_class::normal, 1, {}, first);
    lines.join(2, call_class::normal, 1, {}, second);
    lines.move_on(2, 2);
    CHECK(first.calls == 0);
    CHECK(second.calls == 1);
}

TEST_CASE("the faster the pace, the more are held ready, within bounds") {
    CHECK(waiting_lines::places_at_gate(0) == 2);
    CHECK(waiting_lines::places_at_gate(20) == 2);
    CHECK(waiting_lines::places_at_gate(1000) == 50);
    CHECK(waiting_lines::places_at_gate(1e9) == 256);
}
