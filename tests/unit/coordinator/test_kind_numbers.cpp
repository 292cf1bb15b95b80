#include <doctest/doctest.h>

#include "coordinator/kind_numbers.hpp"

using stagger::kind_numbers;
using stagger::task_kind;

TEST_CASE("kinds are numbered in the order in which they come") {
    kind_numbers kinds;
    CHECK(kinds.number_of(0) == task_kind{0});
    CHECK(kinds.number_of(77) == task_kind{1});
    CHECK(kinds.number_of(5) == task_kind{2});
    CHECK(kinds.number_of(77) == task_kind{1});
    CHECK(kinds.number_of(0) == task_kind{0});
}

TEST_CASE("those that come when all numbers are given share the last one") {
    kind_numbers kinds;
    for (std::uint64_t each = 1; each <= 62; ++each)
        CHECK(kinds.number_of(1000 + each) == task_kind{static_cast<std::uint32_t>(each)});
    CHECK(kinds.number_of(5000) == task_kind{63});
    CHECK(kinds.number_of(6000) == task_kind{63});
    CHECK(kinds.number_of(1062) == task_kind{62});
}
