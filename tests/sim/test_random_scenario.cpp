#include <doctest/doctest.h>

#include <set>

#include "scenarios.hpp"
#include "sim/clairvoyant.hpp"
#include "sim/random_scenario.hpp"
#include "wire/format_scenario.hpp"
#include "wire/scenario_file.hpp"

using namespace scenarios;
using stagger::sim::measured_kinds;
using stagger::sim::random_kind;
using stagger::sim::random_scenario;

TEST_CASE("a random scenario follows from its name, and reads back from its file") {
    for (const random_kind kind : stagger::sim::random_kinds) {
        for (std::uint64_t seed = 1; seed <= 300; ++seed) {
            const auto drawn = random_scenario(kind, seed);
            CAPTURE(drawn.name);
            REQUIRE(drawn.name == std::string(to_string(kind)) + "-" + std::to_string(seed));
            REQUIRE(stagger::sim::find_random_scenario(drawn.name) == drawn);
            REQUIRE(stagger::wire::parse_scenario(stagger::wire::format_scenario(drawn)) == drawn);
        }
    }
}

TEST_CASE("other names are not those of random scenarios") {
    for (const auto* name : {"", "window", "window-", "window-x", "window-1x", "window--1", "window-+1",
                             "windows-1", "window-99999999999999999999"}) {
        CAPTURE(name);
        CHECK_FALSE(stagger::sim::find_random_scenario(name));
    }
}

TEST_CASE("measured kinds stay within their ranges") {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        for (const random_kind kind : measured_kinds) {
            const auto drawn = random_scenario(kind, seed);
            CAPTURE(drawn.name);
            REQUIRE(drawn.provider.limits.size() == 1);
            REQUIRE(drawn.clients.size() == 1);
            const auto& client = drawn.clients[0];
            CHECK((client.requests >= 300 && client.requests <= 20'000));
            CHECK((client.concurrency >= 64 && client.concurrency <= 4096));
            CHECK((drawn.provider.rtt >= 1ms && drawn.provider.rtt <= 300ms));
            CHECK((drawn.provider.latency.mean >= 200ms && drawn.provider.latency.mean <= 20s));
        }
        const auto bucket_scenario = random_scenario(random_kind::token_bucket, seed);
        const auto& bucket = std::get<provider::token_bucket>(bucket_scenario.provider.limits[0]);
        CHECK((bucket.rate_per_s >= 1 && bucket.rate_per_s <= 500));
        CHECK((bucket.burst >= bucket.rate_per_s - 1 && bucket.burst <= 2 * bucket.rate_per_s + 1));
        const auto concurrent = random_scenario(random_kind::concurrency, seed);
        const auto& places = std::get<provider::concurrency_limit>(concurrent.provider.limits[0]);
        CHECK((places.max >= 2 && places.max <= 256));
        const auto limit_of = [&](random_kind kind) {
            return random_scenario(kind, seed).provider.limits[0];
        };
        CHECK(std::holds_alternative<provider::fixed_window>(limit_of(random_kind::fixed_window)));
        CHECK(std::holds_alternative<provider::sliding_window>(limit_of(random_kind::sliding_window)));
    }
}

TEST_CASE("in measured kinds the limit takes clearly longer than latency alone") {
    for (std::uint64_t seed = 1; seed <= 15; ++seed) {
        for (const random_kind kind : measured_kinds) {
            auto drawn = random_scenario(kind, seed);
            CAPTURE(drawn.name);
            const auto limited = stagger::sim::clairvoyant_makespan(drawn, seed);
            drawn.provider.limits.clear();
            CHECK(limited > 2 * stagger::sim::clairvoyant_makespan(drawn, seed));
        }
    }
}
