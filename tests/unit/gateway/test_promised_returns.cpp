#include <doctest/doctest.h>

#include "gateway/promised_returns.hpp"

using namespace stagger;
using namespace stagger::gateway;
using namespace std::chrono_literals;

TEST_CASE("who was told to come again is counted among its own until it does, or is too late") {
    promised_returns promised;
    const time_point now(100s);
    promised.promise(7, 1, now + 5s, now);
    promised.promise(8, 1, now + 6s, now);
    promised.promise(9, 2, now + 6s, now);
    CHECK(promised.outstanding(1, now) == 2);
    CHECK(promised.outstanding(2, now) == 1);
    CHECK(promised.outstanding(3, now) == 0);
    CHECK(promised.take(7, now + 5s));
    CHECK_FALSE(promised.take(7, now + 5s));
    CHECK(promised.outstanding(1, now + 5s) == 1);
    CHECK(promised.outstanding(1, now + 15s) == 1);
    CHECK(promised.outstanding(1, now + 17s) == 0);
    CHECK_FALSE(promised.take(9, now + 17s));
    CHECK(promised.outstanding(2, now + 17s) == 0);
}

TEST_CASE("equal calls are promised one time each") {
    promised_returns promised;
    const time_point now(100s);
    for (int i = 0; i < 3; ++i) promised.promise(7, 1, now + 5s, now);
    CHECK(promised.outstanding(1, now) == 3);
    CHECK(promised.take(7, now + 1s));
    CHECK(promised.take(7, now + 1s));
    CHECK(promised.outstanding(1, now + 1s) == 1);
    CHECK(promised.outstanding(1, now + 20s) == 0);
}

TEST_CASE("who was told a late time does not keep those alive who were told a sooner one") {
    promised_returns promised;
    const time_point now(100s);
    promised.promise(7, 1, now + 59s, now);
    promised.promise(8, 1, now + 1s, now);
    CHECK(promised.outstanding(1, now + 12s) == 1);
}
