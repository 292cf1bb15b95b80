#include <doctest/doctest.h>

#include "scenarios.hpp"
#include "sim/clairvoyant.hpp"
#include "sim/simulation.hpp"

// Refusals that are no limit's, as a run's clients and its measures see them.

using namespace scenarios;
using stagger::to_seconds;

namespace {

/// Nothing random but what a test asks for.
provider::scenario exact(std::uint64_t requests) {
    auto scenario = far_away(requests);
    scenario.provider.latency = {provider::distribution::constant, 2s, 0};
    scenario.provider.rtt = 100ms;
    scenario.provider.rtt_sigma = 0;
    return scenario;
}

stagger::sim::policy unpaced() {
    stagger::sim::policy by;
    by.coordination.pacing(stagger::pacing_kind::unpaced);
    by.backs_off_when_throttled = true;
    return by;
}

}  // namespace

TEST_CASE("rejections drawn regardless of load are counted as such, beside those of a limit") {
    auto scenario = exact(2000);
    scenario.provider.refusals.by_chance = {{.share = 0.1, .status = 529}};
    auto measured = stagger::sim::run(scenario, unpaced(), 1);
    CHECK(measured.succeeded == 2000);
    CHECK(measured.lost == 0);
    CHECK(measured.rejected > 150);
    CHECK(measured.refused_by_chance == measured.rejected);
    scenario.provider.limits = {token_bucket(100, 100)};
    measured = stagger::sim::run(scenario, unpaced(), 1);
    CHECK(measured.refused_by_chance > 150);
    CHECK(measured.rejected > 2 * measured.refused_by_chance);
}

TEST_CASE("what is drawn with a status that is an accident to clients is no rejection") {
    auto scenario = exact(500);
    scenario.provider.refusals.by_chance = {{.share = 0.1, .status = 500}};
    const auto measured = stagger::sim::run(scenario, unpaced(), 1);
    CHECK(measured.succeeded == 500);
    CHECK(measured.failed > 20);
    CHECK(measured.rejected == 0);
    CHECK(measured.refused_by_chance == 0);
}

TEST_CASE("rejections that depend on load or come from a closure are not drawn regardless of load") {
    auto scenario = exact(300);
    scenario.provider.refusals.by_chance = {{.share = 1, .from_in_flight = 50, .to_in_flight = 60}};
    scenario.provider.refusals.closures = {{0s, 1s, 503, provider::retry_after_hint::exact}};
    const auto measured = stagger::sim::run(scenario, unpaced(), 1);
    CHECK(measured.succeeded == 300);
    CHECK(measured.rejected >= 300);
    CHECK(measured.refused_by_chance == 0);
}

TEST_CASE("the clairvoyant caller repeats at once what chance refused") {
    auto scenario = exact(110);
    scenario.provider.limits = {token_bucket(10, 10)};
    scenario.provider.refusals.by_chance = {{.share = 0.5}};
    CHECK(to_seconds(stagger::sim::clairvoyant_makespan(scenario, 1)) ==
          doctest::Approx(12.1).epsilon(0.001));
}

TEST_CASE("the clairvoyant caller waits for a departure where the load refuses everything") {
    auto scenario = exact(10);
    scenario.provider.refusals.by_chance = {{.share = 1, .from_in_flight = 4, .to_in_flight = 5}};
    CHECK(to_seconds(stagger::sim::clairvoyant_makespan(scenario, 1)) == doctest::Approx(4.1).epsilon(0.001));
}

TEST_CASE("the clairvoyant caller comes when a closure ends") {
    auto scenario = exact(10);
    scenario.provider.refusals.closures = {{0s, 5s}, {5s, 6s}};
    CHECK(to_seconds(stagger::sim::clairvoyant_makespan(scenario, 1)) ==
          doctest::Approx(6 - 0.05 + 2.1).epsilon(0.001));
}

TEST_CASE("a closure with a true hint costs a run hardly more than its length") {
    auto scenario = exact(100);
    scenario.provider.refusals.closures = {{0s, 5s, 503, provider::retry_after_hint::exact}};
    const auto measured = stagger::sim::run(scenario, stagger::sim::policy(), 1);
    CHECK(measured.succeeded == 100);
    CHECK(measured.lockouts == 0);
}
