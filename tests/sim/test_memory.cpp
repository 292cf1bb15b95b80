#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "scenarios.hpp"
#include "sim/quantile.hpp"
#include "sim/simulation.hpp"
#include "stagger/remembered_limits.hpp"

// What a memory of an earlier run is worth, and what a wrong one costs; and how much testing a limit costs.
// Medians over several seeds.

using namespace scenarios;
using stagger::limit_kind;
using stagger::remembered_limits;
using stagger::sim::measures;
using stagger::sim::quantile;

namespace {

constexpr std::uint64_t seeds = 7;

/// What a client has learned when its last request ends.
struct last_learned : stagger::sim::observer {
    std::optional<remembered_limits> limits;
    void settled(stagger::time_point now, std::size_t, const stagger::coordinator& core) override {
        limits = core.learned(now);
    }
};

struct figures {
    double efficiency = 0;
    double waste = 0;
    std::uint64_t most_lockouts = 0;
    std::optional<remembered_limits> learned;  // of the last seed
};

figures run(const provider::scenario& scenario, const stagger::coordinator_options& options) {
    stagger::sim::policy by;
    by.coordination = options;
    std::vector<double> efficiency, waste;
    figures found;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        last_learned watching;
        const measures measured = stagger::sim::run(scenario, by, seed, &watching);
        CHECK(measured.succeeded == scenario.clients[0].requests);
        efficiency.push_back(measured.efficiency);
        waste.push_back(measured.waste_per_100);
        found.most_lockouts = std::max(found.most_lockouts, measured.lockouts);
        found.learned = watching.limits;
    }
    found.efficiency = quantile(efficiency, 0.5);
    found.waste = quantile(waste, 0.5);
    return found;
}

figures cold(const provider::scenario& scenario) {
    return run(scenario, {});
}

figures warm(const provider::scenario& scenario, const remembered_limits& memory) {
    return run(scenario, stagger::coordinator_options().remembered(memory));
}

remembered_limits a_rate(double per_s) {
    remembered_limits memory;
    memory.rate_per_s = per_s;
    return memory;
}

remembered_limits a_window(double quota, stagger::duration length) {
    remembered_limits memory = a_rate(quota / stagger::to_seconds(length));
    memory.kind = limit_kind::window;
    memory.quota = quota;
    memory.window = length;
    return memory;
}

remembered_limits a_concurrency(double in_flight, double service_s = 2) {
    remembered_limits memory = a_rate(in_flight / service_s);
    memory.kind = limit_kind::concurrency;
    memory.in_flight = in_flight;
    return memory;
}

remembered_limits a_lockout(double per_s, double burst, stagger::duration silence) {
    remembered_limits memory = a_rate(per_s);
    memory.kind = limit_kind::lockout;
    memory.burst = burst;
    memory.silence = silence;
    return memory;
}

provider::scenario limited(std::uint64_t requests, const provider::limit& by) {
    auto scenario = far_away(requests);
    scenario.provider.limits = {by};
    return scenario;
}

provider::scenario locked_out(std::uint64_t requests) {
    auto scenario = limited(requests, token_bucket(10, 10));
    scenario.provider.lockout_silence = 3s;
    return scenario;
}

void check(const figures& found, double least_efficiency, double most_waste) {
    CHECK(found.efficiency >= least_efficiency);
    CHECK(found.waste <= most_waste);
}

}  // namespace

TEST_CASE("a short job is as good as a long one where the rate is remembered") {
    const auto scenario = limited(500, token_bucket(50, 50));
    check(cold(scenario), 0.985, 4.5);
    check(warm(scenario, a_rate(50)), 0.99, 4.5);
    remembered_limits with_burst = a_rate(50);
    with_burst.burst = 50;
    check(warm(scenario, with_burst), 0.99, 2);
}

TEST_CASE("a wrong memory of a rate is left behind") {
    const auto scenario = limited(5000, token_bucket(50, 50));
    SUBCASE("ten times too high") {
        check(warm(scenario, a_rate(500)), 0.995, 2);
    }
    SUBCASE("ten times too low") {
        check(warm(scenario, a_rate(5)), 0.985, 1.4);
        CHECK(warm(limited(500, token_bucket(50, 50)), a_rate(5)).efficiency >= 0.9);
    }
    SUBCASE("the limit was on concurrency") {
        check(warm(scenario, a_concurrency(64)), 0.98, 2.5);
    }
    SUBCASE("the limit was a window") {
        check(warm(scenario, a_window(3000, 60s)), 0.995, 1.1);
    }
    SUBCASE("there was a lockout") {
        check(warm(scenario, a_lockout(50, 50, 3s)), 0.97, 1.5);
    }
}

TEST_CASE("a remembered limit on concurrency is held from the first request on") {
    const auto scenario = limited(500, concurrency(64));
    const figures found = warm(scenario, a_concurrency(64));
    check(found, 0.945, 2.5);
    CHECK(found.efficiency >= cold(scenario).efficiency + 0.03);
    REQUIRE(found.learned);
    CHECK(found.learned->kind == limit_kind::concurrency);
    CHECK(*found.learned->in_flight >= 60);
    CHECK(*found.learned->in_flight <= 68);
}

TEST_CASE("a wrong memory of a limit on concurrency is corrected") {
    const auto scenario = limited(5000, concurrency(64));
    SUBCASE("ten times too high") {
        check(warm(scenario, a_concurrency(640)), 0.965, 2);
    }
    SUBCASE("ten times too low") {
        check(warm(scenario, a_concurrency(6)), 0.915, 1.3);
    }
    SUBCASE("the limit was a rate") {
        check(warm(scenario, a_rate(50)), 0.95, 1.7);
    }
    SUBCASE("the limit was a window") {
        check(warm(scenario, a_window(3000, 60s)), 0.95, 1.7);
    }
}

TEST_CASE("a remembered window is spread, or used at once where it suffices") {
    const auto one_window = limited(1000, fixed_window(3000, 60s));
    check(warm(one_window, a_window(3000, 60s)), cold(one_window).efficiency - 0.01, 0);
    const auto several = limited(10000, fixed_window(3000, 60s));
    check(warm(several, a_window(3000, 60s)), 0.985, 2.8);
}

TEST_CASE("a wrong memory of a window costs no more than a cold start") {
    const auto scenario = limited(10000, fixed_window(3000, 60s));
    const double most_waste = 1.1 * cold(scenario).waste + 0.3;
    check(warm(scenario, a_window(30000, 60s)), 0.98, most_waste);
    check(warm(scenario, a_window(300, 60s)), 0.98, most_waste);
    check(warm(scenario, a_rate(50)), 0.98, most_waste);
    check(warm(scenario, a_concurrency(100)), 0.98, 4.5);
}

TEST_CASE("a remembered lockout is hardly met again") {
    for (const std::uint64_t requests : {300u, 3000u}) {
        CAPTURE(requests);
        const figures found = warm(locked_out(requests), a_lockout(10, 10, 3s));
        check(found, 0.9, 0.1);
        CHECK(found.most_lockouts <= 1);
    }
}

TEST_CASE("a wrong memory of a lockout costs no more than a cold start") {
    const auto scenario = locked_out(3000);
    const figures known_to_nobody = cold(scenario);
    check(warm(scenario, a_lockout(100, 10, 3s)), known_to_nobody.efficiency - 0.04, 1);
    check(warm(scenario, a_rate(50)), known_to_nobody.efficiency - 0.04, 1);
    check(warm(scenario, a_concurrency(64)), known_to_nobody.efficiency - 0.04, 1);
    // Too low a rate is left behind slowly, since a rejection costs the whole silence.
    check(warm(scenario, a_lockout(1, 10, 3s)), 0.6, 0.5);
    CHECK(warm(scenario, a_lockout(1, 10, 3s)).most_lockouts <= 2);
}

TEST_CASE("what a run has learned is where the next one starts from") {
    const auto bucket = limited(3000, token_bucket(50, 50));
    const auto bucket_learned = cold(bucket).learned;
    REQUIRE(bucket_learned);
    CHECK(bucket_learned->kind == limit_kind::rate);
    CHECK(bucket_learned->rate_per_s == doctest::Approx(50).epsilon(0.03));
    CHECK(bucket_learned->burst.value() == doctest::Approx(50).epsilon(0.3));
    CHECK(bucket_learned->rejections > 5);
    CHECK_FALSE(broken_rule(*bucket_learned));
    check(warm(bucket, *bucket_learned), 0.99, 2);

    const auto window_learned = cold(limited(12000, fixed_window(3000, 60s))).learned;
    REQUIRE(window_learned);
    CHECK(window_learned->kind == limit_kind::window);
    CHECK(*window_learned->quota == doctest::Approx(3000).epsilon(0.02));
    CHECK(stagger::to_seconds(*window_learned->window) == doctest::Approx(60).epsilon(0.1));

    const auto lockout_learned = cold(locked_out(600)).learned;
    REQUIRE(lockout_learned);
    CHECK(lockout_learned->kind == limit_kind::lockout);
    CHECK(stagger::to_seconds(*lockout_learned->silence) >= 3);
    const figures avoided = warm(locked_out(600), *lockout_learned);
    CHECK(avoided.most_lockouts <= 1);
    CHECK(avoided.efficiency >= 0.75);
}

TEST_CASE("a job too short to measure hands on the pace that held") {
    const auto learned = cold(limited(120, token_bucket(50, 20))).learned;
    REQUIRE(learned);
    CHECK(learned->rate_per_s > 15);
    CHECK(learned->rate_per_s < 60);
    CHECK(learned->rejections > 0);
}

TEST_CASE("a memory that no rejection confirmed is not handed on, unless it was exceeded") {
    CHECK_FALSE(warm(limited(40, token_bucket(50, 50)), a_rate(50)).learned);
    const auto exceeded = warm(limited(400, token_bucket(500, 500)), a_rate(20)).learned;
    REQUIRE(exceeded);
    CHECK(exceeded->rate_per_s > 20);
    CHECK(exceeded->rejections == 0);
}

TEST_CASE("a server that refused nothing is begun with where it was left") {
    auto open = far_away(5000);
    open.provider.limits.clear();
    const figures first = cold(open);
    REQUIRE(first.learned);
    CHECK(first.learned->kind == limit_kind::none);
    CHECK(first.learned->rate_per_s > 100);
    const figures second = warm(open, *first.learned);
    CHECK(second.efficiency > first.efficiency);
    SUBCASE("a limit that came meanwhile is found like from a cold start") {
        const auto limited_now = limited(5000, token_bucket(50, 50));
        check(warm(limited_now, *first.learned), cold(limited_now).efficiency - 0.01,
              cold(limited_now).waste + 2);
    }
}

TEST_CASE("a fast server is soon used to the full, and at once where that is remembered") {
    auto fast = far_away(60000);
    fast.provider.limits.clear();
    fast.provider.latency.mean = 500us;
    fast.provider.rtt = 0s;
    fast.clients[0].concurrency = 64;
    const figures first = cold(fast);
    CHECK(first.efficiency >= 0.6);
    REQUIRE(first.learned);
    CHECK(first.learned->rate_per_s >= 0.9 * 64 / 0.0005);
    CHECK(warm(fast, *first.learned).efficiency >= 0.95);
}

TEST_CASE("testing harder notices more and wastes more") {
    const auto scenario = limited(5000, token_bucket(50, 50));
    double before = 0;
    for (const double probing : {0.001, 0.005, 0.02, 0.1}) {
        CAPTURE(probing);
        const figures found = run(scenario, stagger::coordinator_options().probing(probing));
        CHECK(found.efficiency >= 0.995);
        CHECK(found.waste > before);
        before = found.waste;
    }
}

TEST_CASE("without testing the limit is found, then held") {
    const auto off = stagger::coordinator_options().probing(0);
    check(run(limited(5000, token_bucket(50, 50)), off), 0.985, 0.45);
    check(run(limited(5000, concurrency(64)), off), 0.92, 1.1);
    // Held at the rate of a window, the quota is never met, and the last window not known to be one.
    check(run(limited(10000, fixed_window(3000, 60s)), off), 0.9, 2.6);
    SUBCASE("a remembered limit is held without a single rejection") {
        const auto remembered = stagger::coordinator_options(off).remembered(a_rate(50));
        check(run(limited(5000, token_bucket(50, 50)), remembered), 0.975, 0);
        const auto window = stagger::coordinator_options(off).remembered(a_concurrency(64));
        check(run(limited(5000, concurrency(64)), window), 0.95, 0);
    }
    SUBCASE("a remembered limit that is too high is measured anew") {
        const auto too_high = stagger::coordinator_options(off).remembered(a_rate(500));
        check(run(limited(5000, token_bucket(50, 50)), too_high), 0.98, 1.3);
    }
    SUBCASE("a limit that falls is followed, one that rises is not noticed") {
        auto scenario = limited(15000, token_bucket(50, 50));
        scenario.provider.changes = {{100s, {token_bucket(25, 25)}}, {200s, {token_bucket(50, 50)}}};
        const figures found = run(scenario, off);
        CHECK(found.waste <= 0.6);
        REQUIRE(found.learned);
        CHECK(found.learned->rate_per_s == doctest::Approx(25).epsilon(0.03));
    }
}

TEST_CASE("a configured limit is not tested") {
    auto scenario = limited(5000, token_bucket(50, 50));
    scenario.clients[0].rpm = 3000;
    check(cold(scenario), 0.985, 0);
    CHECK_FALSE(cold(scenario).learned);
    check(warm(scenario, a_rate(20)), 0.985, 0);  // what is configured goes first
}

TEST_CASE("truthful headers need no testing") {
    auto scenario = limited(5000, token_bucket(50, 50));
    scenario.provider.hints.headers = provider::header_hint::openai;
    check(cold(scenario), 0.99, 0.37);
    check(warm(scenario, a_rate(50)), 0.99, 0.37);
    check(run(scenario, stagger::coordinator_options().probing(0)), 0.99, 0.37);
}
