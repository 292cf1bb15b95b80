#include <doctest/doctest.h>

#include "scenarios.hpp"
#include "sim/never_worse.hpp"
#include "sim/policy.hpp"
#include "sim/random_scenario.hpp"
#include "sim/simulation.hpp"

using namespace scenarios;
namespace sim = stagger::sim;
using sim::measures;
using sim::run_beside_rivals;

namespace {

measures lasting(double makespan_s, std::uint64_t lost = 0) {
    measures found;
    found.makespan_s = makespan_s;
    found.lost = lost;
    found.succeeded = 1000;
    return found;
}

measures rejecting(std::uint64_t rejected, std::uint64_t by_chance = 0) {
    measures found = lasting(10);
    found.rejected = rejected;
    found.refused_by_chance = by_chance;
    return found;
}

run_beside_rivals beside(const measures& coordinated, const std::vector<sim::rival_run>& rivals,
                         std::string name = "dip-1") {
    run_beside_rivals run;
    run.kind = "dip";
    run.scenario = std::move(name);
    run.coordinated = coordinated;
    run.rivals = rivals;
    return run;
}

}  // namespace

TEST_CASE("every rival is a policy that gives no request up") {
    for (const auto name : sim::rivals) {
        CAPTURE(name);
        const auto found = sim::find_policy(name);
        REQUIRE(found);
        CHECK(found->max_attempts == 0);
    }
}

TEST_CASE("the best rival is the quickest of those that lost nothing") {
    const auto run = beside(
        lasting(12), {{"full-jitter", lasting(10)}, {"aimd", lasting(8)}, {"aws-adaptive", lasting(4, 1)}});
    REQUIRE(sim::best_rival(run));
    CHECK(sim::best_rival(run)->policy == "aimd");
    CHECK(sim::ratio_to_best(run) == 1.5);
}

TEST_CASE("a run in which each rival lost something has no ratio") {
    const auto run = beside(lasting(12), {{"full-jitter", lasting(10, 3)}, {"aimd", lasting(8, 1)}});
    CHECK(sim::best_rival(run) == nullptr);
    CHECK_FALSE(sim::ratio_to_best(run));
    CHECK_FALSE(sim::ratio_to_best(beside(lasting(12), {})));
}

TEST_CASE("rejections that were drawn whatever the load are nobody's fault") {
    CHECK(sim::avoidable_per_100(rejecting(250, 200)) == 5);
    CHECK(sim::avoidable_per_100(rejecting(250, 250)) == 0);
    CHECK(sim::avoidable_per_100(measures()) == 0);
}

TEST_CASE("too many rejections are more than three in a hundred and than half of full jitter's") {
    const auto too_much = [](std::uint64_t own, std::uint64_t rival, bool limited = true) {
        auto run = beside(rejecting(own + 100, 100), {{"full-jitter", rejecting(rival)}});
        run.limited = limited;
        return sim::rejects_too_much(run);
    };
    CHECK_FALSE(too_much(30, 0));
    CHECK(too_much(31, 0));
    CHECK_FALSE(too_much(200, 400));
    CHECK(too_much(201, 400));
    CHECK_FALSE(too_much(201, 400, false));
}

TEST_CASE("kinds are summed up in their order: middle, bad end, worst by name, and what was lost") {
    std::vector<run_beside_rivals> runs;
    for (unsigned each = 1; each <= 11; ++each) {
        runs.push_back(beside(lasting(100 + each, each == 4 ? 2 : 0), {{"full-jitter", lasting(100)}},
                              "dip-" + std::to_string(each)));
    }
    runs.push_back(beside(lasting(50), {{"full-jitter", lasting(10, 1)}}, "dip-12"));
    runs.push_back(beside(lasting(5), {{"aimd", lasting(10)}}, "overload-1"));
    runs.back().kind = "overload";
    runs[2].limited = true;
    runs[2].coordinated.rejected = 40;
    const auto found = sim::sum_up(runs);
    REQUIRE(found.size() == 2);
    CHECK(found[0].kind == "dip");
    CHECK(found[0].runs == 12);
    CHECK(found[0].without_ratio == 1);
    CHECK(found[0].median == doctest::Approx(1.06));
    CHECK(found[0].p90 == doctest::Approx(1.10));
    CHECK(found[0].worst == doctest::Approx(1.11));
    CHECK(found[0].worst_in == "dip-11");
    CHECK(found[0].lost == 2);
    CHECK(found[0].rejects_too_much == std::vector<std::string>{"dip-3"});
    CHECK(found[1].kind == "overload");
    CHECK(found[1].worst == 0.5);
    CHECK(sim::sum_up({}).empty());
}

TEST_CASE("the worst ratio comes last, and what has none first") {
    const std::vector<run_beside_rivals> runs{
        beside(lasting(30), {{"aimd", lasting(10)}}, "slow"),
        beside(lasting(10), {{"aimd", lasting(10)}}, "even"),
        beside(lasting(10), {{"aimd", lasting(10, 1)}}, "alone"),
        beside(lasting(9), {{"aimd", lasting(10)}}, "fast"),
    };
    std::vector<std::string> names;
    for (const auto& each : sim::worst_last(runs)) names.push_back(each.scenario);
    CHECK(names == std::vector<std::string>{"alone", "fast", "even", "slow"});
}

TEST_CASE("a provider is limited if it is at any time") {
    provider::provider_description server;
    CHECK_FALSE(sim::is_limited(server));
    server.changes = {{10s, {}}};
    CHECK_FALSE(sim::is_limited(server));
    server.changes.push_back({20s, {provider::token_bucket{}}});
    CHECK(sim::is_limited(server));
    server.changes.clear();
    server.models["large"].refused = true;
    CHECK_FALSE(sim::is_limited(server));
    server.models["large"].limits = {provider::token_bucket{}};
    CHECK(sim::is_limited(server));
    server.models.clear();
    server.limits = {provider::token_bucket{}};
    CHECK(sim::is_limited(server));
}

// While it dips a server is closed now and then, after silences of growing length or at a number that looks
// like a quota. What held before is looked for all the same.
TEST_CASE("a dip that closes a server is taken neither for a lockout nor for a window") {
    for (const char* name : {"dip-7046", "dip-7048", "dip-7050"}) {
        CAPTURE(name);
        const auto drawn = *sim::find_random_scenario(name);
        const auto took = [&](const char* policy) {
            return sim::run(drawn, *sim::find_policy(policy), drawn.seed).makespan_s;
        };
        CHECK(took("coordinated") <= 1.25 * took("full-jitter"));
    }
}
