#include <doctest/doctest.h>

#include <string>

#include "pacing/measured/window_turns.hpp"
#include "sends.hpp"

using namespace sends;
using stagger::window_turns;

namespace {

/// The server's windows turn every ten seconds; who probes knows it to two seconds.
window_turns::interval seen(int turn) {
    return {start + turn * 10s - 1s, start + turn * 10s + 1s};
}

}  // namespace

TEST_CASE("one turn says nothing about the next") {
    window_turns turns;
    CHECK_FALSE(turns.next());
    turns.turned(seen(0), false);
    CHECK(turns.windows() == 0);
    CHECK_FALSE(turns.next());
}

TEST_CASE("the more windows went by, the better the next turn is known, and it is never missed") {
    window_turns turns;
    turns.turned(seen(0), false);
    stagger::duration width = 1h;
    for (int turn = 1; turn < 20; ++turn) {
        turns.turned(seen(turn), true);
        CHECK(turns.windows() == static_cast<unsigned>(turn));
        REQUIRE(turns.next());
        const auto [from, to] = *turns.next();
        CHECK(from <= start + (turn + 1) * 10s);
        CHECK(to >= start + (turn + 1) * 10s);
        CHECK(to - from <= width);
        CHECK(turns.least_length() <= seconds(10));
        width = to - from;
    }
    CHECK(width < 3s);
    CHECK(turns.least_length() > seconds(9.8));
}

TEST_CASE("who waits for the latest moment and finds it open has learned nothing, and loses nothing") {
    window_turns turns;
    for (int turn = 0; turn < 3; ++turn) turns.turned(seen(turn), turn > 0);
    const auto expected = *turns.next();
    turns.turned({expected.from - 5s, expected.to}, true);
    REQUIRE(turns.next());
    CHECK(turns.next()->from <= start + 40s);
    CHECK(turns.next()->to >= start + 40s);
}

TEST_CASE("a server that admits before the turn has no windows, and none that follows counts on it") {
    window_turns turns;
    for (int turn = 0; turn < 4; ++turn) turns.turned(seen(turn), turn > 0);
    turns.turned({start + 33s, start + 34s}, true);
    CHECK(turns.windows() == 0);
    CHECK_FALSE(turns.next());
    turns.turned(seen(4), false);
    CHECK(turns.windows() == 0);
}

TEST_CASE("the first turn is looked for, and ever fewer later ones") {
    window_turns turns;
    std::string looked_for;
    for (int turn = 0; turn <= 16; ++turn) {
        turns.turned(seen(turn), turn > 0);
        if (turns.is_to_be_checked()) looked_for += ' ' + std::to_string(turns.windows());
    }
    CHECK(looked_for == " 0 1 2 4 8 16");
}
