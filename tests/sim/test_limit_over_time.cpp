#include <doctest/doctest.h>

#include "scenarios.hpp"
#include "sim/limit_over_time.hpp"

using namespace scenarios;
using stagger::sim::limit_over_time;
using stagger::sim::limit_step;
using steps = std::vector<limit_step>;

TEST_CASE("the limit is the slowest one, in requests") {
    auto scenario = far_away(1);
    scenario.provider.limits = {token_bucket(50, 50), fixed_window(600, 60s)};
    CHECK(limit_over_time(scenario) == steps{{0s, 10}});
    scenario.provider.limits = {token_bucket(15'000, 15'000, provider::unit::tokens)};
    CHECK(limit_over_time(scenario) == steps{{0s, 50}});
    scenario.provider.limits = {concurrency(64)};
    CHECK(limit_over_time(scenario) == steps{{0s, 32}});
}

TEST_CASE("the limit changes with the limits, in the order of time, and is 0 in an outage") {
    auto scenario = far_away(1);
    scenario.provider.limits = {token_bucket(50, 50)};
    scenario.provider.changes = {{200s, {token_bucket(50, 50)}}, {100s, {token_bucket(25, 25)}}};
    CHECK(limit_over_time(scenario) == steps{{0s, 50}, {100s, 25}, {200s, 50}});
    scenario.provider.faults.outages = {{90s, 120s}};
    CHECK(limit_over_time(scenario) == steps{{0s, 50}, {90s, 0}, {120s, 25}, {200s, 50}});
}

TEST_CASE("the limit is 0 while closed") {
    auto scenario = far_away(1);
    scenario.provider.limits = {token_bucket(50, 50)};
    scenario.provider.refusals.closures = {{0s, 3s}};
    scenario.provider.faults.outages = {{2s, 5s}};
    CHECK(limit_over_time(scenario) == steps{{0s, 0}, {5s, 50}});
}

TEST_CASE("where nothing limits there is no limit to draw") {
    auto scenario = far_away(1);
    CHECK(limit_over_time(scenario).empty());
    scenario.provider.limits = {token_bucket(50, 50)};
    scenario.provider.changes = {{100s, {}}};
    CHECK(limit_over_time(scenario).empty());
}
