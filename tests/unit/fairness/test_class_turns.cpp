#include <doctest/doctest.h>

#include "fairness/class_turns.hpp"

using namespace stagger;
using namespace stagger::fairness;

namespace {

const by_class<bool> all_ready{{true, true, true}};
const by_class<bool> batch_only{{false, false, true}};

/// How many of each class go in so many turns.
by_class<int> turns_of(class_turns& turns, const by_class<bool>& ready, int count) {
    by_class<int> gone;
    for (int i = 0; i < count; ++i) {
        const priority one = turns.next(ready);
        turns.sent(one);
        ++gone[one];
    }
    return gone;
}

}  // namespace

TEST_CASE("classes that all wait go by their weights") {
    class_turns turns;
    const auto gone = turns_of(turns, all_ready, 210);
    CHECK(gone[priority::interactive] == 160);
    CHECK(gone[priority::normal] == 40);
    CHECK(gone[priority::batch] == 10);
}

TEST_CASE("other weights, other shares") {
    class_turns turns(by_class<double>{{1, 1, 2}});
    const auto gone = turns_of(turns, all_ready, 100);
    CHECK(gone[priority::interactive] == 25);
    CHECK(gone[priority::batch] == 50);
}

TEST_CASE("a class that has waited for nobody earns nothing, and goes next") {
    class_turns turns;
    turns_of(turns, batch_only, 1000);
    CHECK(turns.next(all_ready) != priority::batch);
    CHECK(turns_of(turns, all_ready, 23)[priority::batch] >= 1);
    CHECK(turns_of(turns, all_ready, 210)[priority::batch] == 10);
}

TEST_CASE("asking twice changes nothing") {
    class_turns turns;
    turns_of(turns, batch_only, 10);
    for (int i = 0; i < 5; ++i) CHECK(turns.next(all_ready) == priority::interactive);
}

TEST_CASE("a call that cost more than was said counts as more") {
    class_turns turns(by_class<double>{{1, 1, 1}});
    const by_class<bool> two{{true, true, false}};
    for (int i = 0; i < 100; ++i) {
        const priority one = turns.next(two);
        turns.sent(one, 10);
        if (one == priority::interactive) turns.settle(one, 20);
    }
    // Thirty each to ten each: three calls of the one for one of the other.
    const priority begins = turns.next(two);
    CHECK((begins == priority::interactive || begins == priority::normal));
    by_class<int> gone;
    for (int i = 0; i < 400; ++i) {
        const priority one = turns.next(two);
        turns.sent(one, 10);
        if (one == priority::interactive) turns.settle(one, 20);
        ++gone[one];
    }
    CHECK(gone[priority::normal] == 300);
}

TEST_CASE("classes are read by their names") {
    for (const priority one : priorities) CHECK(parse_priority(to_string(one)) == one);
    CHECK(parse_priority("urgent") == std::nullopt);
    CHECK(parse_priority("") == std::nullopt);
}
