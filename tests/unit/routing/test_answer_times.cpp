#include <doctest/doctest.h>

#include "routing/answer_times.hpp"

using namespace std::chrono_literals;
using stagger::routing::answer_times;

TEST_CASE("answer times: few tell nothing") {
    answer_times times;
    for (int i = 0; i < 9; ++i) times.add(1s);
    CHECK_FALSE(times.median());
    CHECK_FALSE(times.p99());
    times.add(1s);
    CHECK(times.median() == 1s);
    CHECK(times.p99() == 1s);
}

TEST_CASE("answer times: one of two hundred is beyond the 99th, and the last two hundred count") {
    answer_times times;
    for (int i = 0; i < 199; ++i) times.add(1s);
    times.add(30s);
    CHECK(times.p99() == 1s);
    for (int i = 0; i < 200; ++i) times.add(2s);
    CHECK(times.median() == 2s);
    CHECK(times.p99() == 2s);
}
