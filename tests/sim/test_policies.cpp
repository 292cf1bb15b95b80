#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "coordinator/send_policy.hpp"
#include "scenarios.hpp"
#include "sim/simulation.hpp"

// What the policies people use today cost, so that a comparison with them compares with the real ones.

using namespace scenarios;
using stagger::time_point;
using stagger::sim::find_policy;
using stagger::sim::measures;

namespace {

constexpr std::uint64_t requests = 10000;

provider::scenario limited_by(const provider::limit& limit, std::uint64_t count = requests) {
    auto scenario = far_away(count);
    scenario.provider.limits = {limit};
    return scenario;
}

measures run(const std::string& policy, const provider::scenario& scenario) {
    return stagger::sim::run(scenario, *find_policy(policy), 1);
}

double share_lost(const measures& found) {
    return static_cast<double>(found.lost) / static_cast<double>(found.lost + found.succeeded);
}

/// What a policy is expected to do; the ranges are about a tenth of the figure to either side.
struct expectation {
    std::string policy;
    double least_efficiency, most_efficiency;
    double least_waste, most_waste;
};

void check(const provider::scenario& scenario, const std::vector<expectation>& expected) {
    for (const expectation& each : expected) {
        CAPTURE(each.policy);
        const measures found = run(each.policy, scenario);
        CHECK(found.lost == 0);
        CHECK(found.efficiency >= each.least_efficiency);
        CHECK(found.efficiency <= each.most_efficiency);
        CHECK(found.waste_per_100 >= each.least_waste);
        CHECK(found.waste_per_100 <= each.most_waste);
    }
}

}  // namespace

TEST_CASE("every policy of the command line is known to the simulator, and no other") {
    for (const auto name : stagger::send_policy_names()) {
        CAPTURE(name);
        REQUIRE(find_policy(name));
        CHECK(find_policy(name)->name == name);
    }
    CHECK_FALSE(find_policy("panic"));
}

TEST_CASE("every policy sends every request once at most with success, within the bound in flight") {
    class most_in_flight final : public stagger::sim::observer {
     public:
        void sent(time_point, std::size_t, std::uint64_t) override { most = std::max(most, ++in_flight); }
        void came_back(time_point, std::size_t, std::uint64_t, time_point) override { --in_flight; }
        void ended(time_point, std::size_t, std::uint64_t, bool) override { --in_flight; }
        std::size_t in_flight = 0;
        std::size_t most = 0;
    };
    auto scenario = far_away(200, 30);
    scenario.provider.limits = {token_bucket(20, 5)};
    for (const auto name : stagger::send_policy_names()) {
        CAPTURE(name);
        most_in_flight watching;
        const measures found = stagger::sim::run(scenario, *find_policy(name), 1, &watching);
        CHECK(found.succeeded + found.lost == 200);
        CHECK(watching.most <= 30);
        CHECK(watching.in_flight == 0);
    }
}

TEST_CASE("attempts that run out lose a third of the prompts and more") {
    const auto bucket = limited_by(token_bucket(50, 50));
    CHECK(share_lost(run("tenacity", bucket)) == doctest::Approx(0.39).epsilon(0.1));
    CHECK(share_lost(run("tenacity", limited_by(fixed_window(3000, 60s)))) ==
          doctest::Approx(0.40).epsilon(0.1));
    CHECK(share_lost(run("tenacity", limited_by(concurrency(64)))) == doctest::Approx(0.54).epsilon(0.1));
    CHECK(share_lost(run("openai-sdk", bucket)) == doctest::Approx(0.92).epsilon(0.03));
    CHECK(share_lost(run("openai-sdk", limited_by(concurrency(64)))) == doctest::Approx(0.95).epsilon(0.03));
    // A pause of 15 s that every task's attempts outrun.
    CHECK(run("cookbook", bucket).efficiency < 0.15);
}

TEST_CASE("tasks that back off alone without giving up waste hundreds per hundred") {
    check(limited_by(token_bucket(50, 50)), {{"tenacity-unlimited", 0.78, 0.9, 240, 320},
                                             {"backoff-expo", 0.78, 0.9, 250, 330},
                                             {"full-jitter", 0.92, 0.99, 340, 430},
                                             {"equal-jitter", 0.9, 0.99, 270, 350},
                                             {"decorrelated", 0.9, 0.99, 250, 340}});
    CHECK(run("full-jitter", limited_by(token_bucket(50, 50))).peak_10ms > 500);
}

TEST_CASE("shared strategies waste less, and miss part of the limit") {
    SUBCASE("token bucket") {
        check(limited_by(token_bucket(50, 50)), {{"aws-adaptive", 0.7, 0.84, 8, 14},
                                                 {"aimd", 0.96, 1, 6, 12},
                                                 {"inspect", 0.93, 0.98, 0, 2},
                                                 {"fixed-rate", 0.98, 1, 0, 0.5}});
    }
    SUBCASE("fixed windows of a second") {
        check(limited_by(fixed_window(50, 1s)), {{"aws-adaptive", 0.4, 0.53, 9, 15},
                                                 {"aimd", 0.87, 0.97, 7, 13},
                                                 {"inspect", 0.66, 0.77, 0.1, 1}});
    }
    SUBCASE("requests in flight") {
        check(limited_by(concurrency(64)), {{"aws-adaptive", 0.58, 0.7, 9, 14},
                                            {"aimd", 0.87, 0.96, 11, 18},
                                            {"inspect", 0.73, 0.84, 0.1, 1}});
    }
    SUBCASE("a minute's window: retries that know no wait storm against the closed server") {
        const auto scenario = limited_by(fixed_window(3000, 60s));
        check(scenario, {{"aws-adaptive", 0.8, 0.96, 1, 3}, {"aimd", 0.88, 0.97, 200, 320}});
    }
}

TEST_CASE("a Retry-After is obeyed by whom it is obeyed in reality") {
    auto scenario = limited_by(fixed_window(3000, 60s));
    const auto unaware = run("full-jitter", scenario);
    scenario.provider.hints.retry_after = provider::retry_after_hint::exact;
    CHECK(run("full-jitter", scenario) == unaware);
    const auto aware = run("openai-sdk", scenario);
    CHECK(aware.lost == 0);
    CHECK(aware.efficiency > 0.99);
    CHECK(aware.waste_per_100 == doctest::Approx(31).epsilon(0.1));
}

TEST_CASE("a Retry-After beyond two minutes ends the prompts of openai-python's") {
    auto scenario = limited_by(fixed_window(3000, 300s), 4000);
    scenario.provider.hints.retry_after = provider::retry_after_hint::exact;
    const auto found = run("openai-sdk", scenario);
    CHECK(found.lost > 0);
    CHECK(found.succeeded < 4000);
    CHECK(found.makespan_s < 300);
}

TEST_CASE("the AWS SDKs' standard mode gives up where many are refused, and costs little by that") {
    const auto found = run("aws-standard", limited_by(token_bucket(50, 50)));
    CHECK(share_lost(found) > 0.9);
    // A first attempt each, and hardly any other: a hundred from the quota, and what successes give back.
    CHECK(found.rejected < 2 * requests);
}

TEST_CASE("a fixed rate takes the scenario's, each process its share, and a told one first") {
    auto scenario = limited_by(token_bucket(50, 50), 1000);
    scenario.provider.latency.kind = provider::distribution::constant;
    scenario.provider.rtt_sigma = 0;
    const auto makespan = [&] { return doctest::Approx(run("fixed-rate", scenario).makespan_s); };
    CHECK(makespan() == 999 / 50.0 + 2.05);
    scenario.clients[0].rpm = 1500;
    CHECK(makespan() == 999 / 25.0 + 2.05);
    scenario.clients[0].rpm = 0;
    scenario.clients.push_back(scenario.clients[0]);
    CHECK(makespan() == 999 / 25.0 + 2.05);
    scenario.provider.limits.clear();
    CHECK(makespan() == 2.05);
}
