#include <doctest/doctest.h>

#include "sim/quantile.hpp"

using stagger::sim::quantile;

TEST_CASE("the median is the middle, or half way between the middle two") {
    CHECK(quantile({}, 0.5) == 0);
    CHECK(quantile({3}, 0.5) == 3);
    CHECK(quantile({9, 1, 2}, 0.5) == 2);
    CHECK(quantile({4, 1, 2, 9}, 0.5) == 3);
}

TEST_CASE("quantiles lie on the straight line between two values") {
    const std::vector<double> values{50, 10, 40, 20, 30};
    CHECK(quantile(values, 0) == 10);
    CHECK(quantile(values, 0.1) == doctest::Approx(14));
    CHECK(quantile(values, 0.25) == 20);
    CHECK(quantile(values, 0.9) == doctest::Approx(46));
    CHECK(quantile(values, 1) == 50);
}

TEST_CASE("shares beyond the ends are the ends") {
    CHECK(quantile({1, 2, 3}, -1) == 1);
    CHECK(quantile({1, 2, 3}, 2) == 3);
}
