#include <doctest/doctest.h>

#include "sim/seed_medians.hpp"

using stagger::sim::measures;
using stagger::sim::seed_medians;

TEST_CASE("over seeds: medians of what is usual, the highest of what must not happen") {
    std::vector<measures> runs(3);
    runs[0].efficiency = 0.9;
    runs[1].efficiency = 0.99;
    runs[2].efficiency = 0.98;
    runs[0].waste_per_100 = 4;
    runs[1].lost = 7;
    runs[2].peak_10ms = 12;
    runs[1].lockouts = 3;
    const seed_medians found(runs);
    CHECK(found.usual.efficiency == 0.98);
    CHECK(found.worst_efficiency == 0.9);
    CHECK(found.low_efficiency == doctest::Approx(0.916));
    CHECK(found.usual.waste_per_100 == 0);
    CHECK(found.worst_waste_per_100 == 4);
    CHECK(found.usual.lost == 7);
    CHECK(found.usual.peak_10ms == 12);
    CHECK(found.usual.lockouts == 0);
}
