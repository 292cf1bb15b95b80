#include <doctest/doctest.h>

#include "core/send_policy.hpp"
#include "scenarios.hpp"
#include "sim/simulation.hpp"

// What the policies people use today cost, so that a comparison with them compares with the real ones.

using namespace scenarios;
using stagger::sim::find_policy;

TEST_CASE("every policy of the command line is known to the simulator, and no other") {
    for (const auto name : stagger::send_policy_names()) {
        CAPTURE(name);
        REQUIRE(find_policy(name));
        CHECK(find_policy(name)->name == name);
    }
    CHECK_FALSE(find_policy("panic"));
}

TEST_CASE("tenacity's six attempts lose more than a third") {
    auto scenario = far_away(10000);
    scenario.provider.limits = {token_bucket(50, 50)};
    const auto found = stagger::sim::run(scenario, *find_policy("tenacity"), 1);
    CHECK(found.lost > 3333);
    CHECK(found.lost + found.succeeded == 10000);
}
