#include <doctest/doctest.h>

#include "gateway/kept_places.hpp"

using namespace stagger;
using namespace stagger::gateway;
using namespace std::chrono_literals;

TEST_CASE("a kept place is given back once, and not after a while") {
    kept_places places;
    const time_point now(100s);
    constexpr fairness::fair_line::standing where{1.5, 3, 4};
    places.keep(7, where, now);
    CHECK(places.take(8, now) == std::nullopt);
    CHECK(places.take(7, now + 89s) == where);
    CHECK(places.take(7, now + 89s) == std::nullopt);
    places.keep(7, where, now);
    CHECK(places.take(7, now + 90s) == std::nullopt);
    CHECK(places.size() == 0);
}

TEST_CASE("equal calls keep a place each") {
    kept_places places;
    places.keep(7, {1, 1, 1}, time_point(1s));
    places.keep(7, {2, 2, 2}, time_point(2s));
    CHECK(places.take(7, time_point(3s)));
    CHECK(places.take(7, time_point(3s)));
    CHECK_FALSE(places.take(7, time_point(3s)));
}
