#include <doctest/doctest.h>

#include "coordinator/send_policy.hpp"
#include "scenarios.hpp"
#include "sim/clairvoyant.hpp"
#include "sim/request_sequence.hpp"
#include "sim/simulation.hpp"
#include "sim/warm_start.hpp"

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

TEST_CASE("a closed connection is a rejection to the measures and an accident to the client") {
    auto scenario = exact(300);
    scenario.provider.limits = {concurrency(50)};
    scenario.provider.rejection_status = provider::connection_closed;
    struct outcomes final : stagger::sim::observer {
        std::uint64_t failed = 0;
        std::uint64_t throttled = 0;
        void settled(stagger::time_point now, std::size_t, const stagger::coordinator& core) override {
            failed = core.status(now).failed;
            throttled = core.status(now).throttled;
        }
    } told;
    const auto measured = stagger::sim::run(scenario, unpaced(), 1, &told);
    CHECK(measured.succeeded == 300);
    CHECK(measured.rejected >= 250);
    CHECK(measured.failed == 0);
    CHECK(told.failed == measured.rejected);
    CHECK(told.throttled == 0);
}

TEST_CASE("refusals that are told late come back late") {
    auto scenario = exact(2);
    scenario.provider.limits = {concurrency(1)};
    scenario.provider.refusals.delay = 10s;
    auto by = unpaced();
    by.backs_off_when_throttled = false;
    const auto measured = stagger::sim::run(scenario, by, 1);
    CHECK(measured.rejected == 1);
    CHECK(measured.makespan_s == doctest::Approx(0.1 + 10 + 2.1).epsilon(0.001));
}

TEST_CASE("a run ends in order with the last request that the server would answer") {
    auto scenario = exact(100);
    scenario.clients[0].always_refused = {0, 50};
    const auto measured = stagger::sim::run(scenario, unpaced(), 1);
    CHECK(measured.succeeded == 98);
    CHECK(measured.unanswerable == 2);
    CHECK(measured.lost == 0);
    CHECK(measured.rejected >= 2);
    CHECK(measured.refused_by_chance == 0);
    CHECK(measured.makespan_s == doctest::Approx(2.1).epsilon(0.001));
    CHECK(measured.efficiency == doctest::Approx(1).epsilon(0.001));
}

TEST_CASE("what is never answered is not lost, whatever ends it") {
    auto scenario = exact(10);
    scenario.clients[0].always_refused = {3};
    auto by = unpaced();
    by.max_attempts = 2;
    CHECK(stagger::sim::run(scenario, by, 1).lost == 0);
    // Of what is lost the run is compared with as many answers as it had.
    scenario.provider.limits = {token_bucket(0.001, 4)};
    const auto measured = stagger::sim::run(scenario, by, 1);
    CHECK(measured.succeeded == 4);
    CHECK(measured.lost == 5);
    CHECK(measured.unanswerable == 1);
    CHECK(measured.efficiency == doctest::Approx(2.1 / measured.makespan_s).epsilon(0.001));
}

TEST_CASE("what is answerable is answered or lost, under every policy") {
    auto scenario = exact(300);
    scenario.clients[0].always_refused = {3};
    for (const auto name : stagger::send_policy_names()) {
        CAPTURE(name);
        const auto measured = stagger::sim::run(scenario, *stagger::sim::find_policy(name), 1);
        CHECK(measured.succeeded + measured.lost == 299);
        CHECK(measured.efficiency <= 1.001);
    }
}

TEST_CASE("a run of nothing but what is never answered is over at once") {
    auto scenario = exact(1);
    scenario.clients[0].always_refused = {0};
    const auto measured = stagger::sim::run(scenario, unpaced(), 1);
    CHECK(measured.unanswerable == 1);
    CHECK(measured.lost == 0);
    CHECK(measured.makespan_s == 0);
    CHECK(measured.efficiency == 0);
    CHECK(measured.aggregate_goodput_per_s == 0);
}

TEST_CASE("requests name their models in turn; those of a refused one are never answered") {
    auto scenario = exact(101);
    scenario.clients[0].models = {"good", "bad", "other"};
    scenario.clients[0].always_refused = {1, 2};  // the second one twice: its model is refused as well
    scenario.provider.models["bad"].refused = true;
    CHECK(stagger::sim::answerable_requests(scenario, 0) == 101 - 34 - 1);
    const auto measured = stagger::sim::run(scenario, unpaced(), 1);
    CHECK(measured.succeeded == 66);
    CHECK(measured.unanswerable == 35);
    CHECK(measured.lost == 0);
}

TEST_CASE("a model's own limit holds its requests only") {
    auto scenario = exact(40);
    scenario.clients[0].models = {"slow", "fast"};
    scenario.provider.models["slow"].limits = {token_bucket(1, 1)};
    struct arrivals final : stagger::sim::observer {
        std::uint64_t fast_refused = 0;
        void arrived(stagger::time_point, std::size_t, std::uint64_t request, unsigned status) override {
            if (request % 2 == 1 && status != 200) ++fast_refused;
        }
    } seen;
    const auto measured = stagger::sim::run(scenario, unpaced(), 1, &seen);
    CHECK(measured.succeeded == 40);
    CHECK(seen.fast_refused == 0);
    CHECK(measured.makespan_s > 19);
}

TEST_CASE("the requests of a sequence cost what the client's distributions say") {
    auto scenario = exact(10);
    provider::client_description& client = scenario.clients[0];
    client.tokens = {provider::distribution::constant, 100, 0};
    const auto first = [&] { return stagger::sim::request_sequence(scenario, 0, 1).next(); };
    CHECK(first().tokens.prompt == 100);
    CHECK(first().tokens.reserved == 0);
    CHECK(first().tokens.made == 0);
    CHECK(first().known_tokens(client) == 100);
    client.output = provider::token_costs{provider::distribution::constant, 30, 0};
    scenario.provider.answers.default_max_tokens = 4096;
    CHECK(first().tokens.reserved == 4096);
    CHECK(first().tokens.made == 30);
    CHECK(first().known_tokens(client) == 100);
    client.max_tokens = 20;
    CHECK(first().tokens.reserved == 20);
    CHECK(first().tokens.made == 20);
    CHECK(first().known_tokens(client) == 120);
}

TEST_CASE("a limit that settles lets more through than one that keeps what was reserved") {
    auto scenario = exact(400);
    scenario.clients[0].tokens = {provider::distribution::constant, 10, 0};
    scenario.clients[0].output = provider::token_costs{provider::distribution::constant, 10, 0};
    scenario.provider.answers.default_max_tokens = 90;
    const auto best = [&](provider::counted_tokens counted) {
        scenario.provider.limits = {provider::token_bucket{provider::unit::tokens, 100, 1000, counted}};
        return to_seconds(stagger::sim::clairvoyant_makespan(scenario, 1));
    };
    CHECK(best(provider::counted_tokens::reserved) == doctest::Approx(390 + 2.1).epsilon(0.01));
    CHECK(best(provider::counted_tokens::settled) == doctest::Approx(70 + 2.1).epsilon(0.1));
    CHECK(best(provider::counted_tokens::made) == doctest::Approx(70 + 2.1).epsilon(0.1));
    CHECK(best(provider::counted_tokens::input) == doctest::Approx(30 + 2.1).epsilon(0.01));
    const auto measured = stagger::sim::run(scenario, stagger::sim::policy(), 1);
    CHECK(measured.succeeded == 400);
}

TEST_CASE("what is remembered of a limit on tokens counts what it counts") {
    auto scenario = exact(1);
    scenario.clients[0].tokens = {provider::distribution::constant, 10, 0};
    scenario.clients[0].output = provider::token_costs{provider::distribution::constant, 10, 0};
    scenario.clients[0].max_tokens = 90;
    const auto rate = [&](provider::counted_tokens counted) {
        scenario.provider.limits = {provider::token_bucket{provider::unit::tokens, 100, 1000, counted}};
        return stagger::sim::what_was_learned(scenario.provider, scenario.clients[0])->rate_per_s;
    };
    CHECK(rate(provider::counted_tokens::reserved) == doctest::Approx(1));
    CHECK(rate(provider::counted_tokens::settled) == doctest::Approx(5));
    CHECK(rate(provider::counted_tokens::made) == doctest::Approx(5));
    CHECK(rate(provider::counted_tokens::input) == doctest::Approx(10));
    CHECK(rate(provider::counted_tokens::output) == doctest::Approx(10));
}
