#include <doctest/doctest.h>

#include <set>

#include "scenario/format_scenario.hpp"
#include "scenario/scenario_file.hpp"
#include "scenarios.hpp"
#include "sim/clairvoyant.hpp"
#include "sim/random_scenario.hpp"

using namespace scenarios;
using stagger::sim::measured_kinds;
using stagger::sim::random_kind;
using stagger::sim::random_scenario;
using stagger::sim::refusal_kinds;

namespace {

bool refuses_as_overload_does(unsigned status) {
    return status == 429 || status == 503 || status == 529;
}

}  // namespace

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

TEST_CASE("refusal kinds stay within their ranges") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        for (const random_kind kind : refusal_kinds) {
            const auto drawn = random_scenario(kind, seed);
            CAPTURE(drawn.name);
            REQUIRE(drawn.clients.size() == 1);
            const auto& client = drawn.clients[0];
            CHECK((client.requests >= 300 && client.requests <= 20'000));
            CHECK((client.concurrency >= 64 && client.concurrency <= 4096));
            CHECK((drawn.provider.rtt >= 1ms && drawn.provider.rtt <= 300ms));
            CHECK((drawn.provider.latency.mean >= 200ms && drawn.provider.latency.mean <= 20s));
        }
        for (const random_kind kind : {random_kind::overload, random_kind::overload_bucket}) {
            const auto server = random_scenario(kind, seed).provider;
            CHECK(server.limits.size() == (kind == random_kind::overload ? 0 : 1));
            REQUIRE(server.refusals.by_chance.size() == 1);
            const auto& shed = server.refusals.by_chance[0];
            CHECK((shed.share >= 0.01 && shed.share <= 0.3));
            CHECK(refuses_as_overload_does(shed.status));
            CHECK_FALSE(shed.depends_on_load());
        }
        const auto server = random_scenario(random_kind::closed_at_start, seed).provider;
        REQUIRE(server.refusals.closures.size() == 1);
        const auto& closure = server.refusals.closures[0];
        CHECK(closure.from == 0s);
        CHECK((closure.to >= 1s && closure.to <= 60s));
        CHECK(refuses_as_overload_does(closure.status));
        const auto late = random_scenario(random_kind::late_refusals, seed).provider;
        CHECK((late.refusals.delay >= 1s && late.refusals.delay <= 10s));
        CHECK(refuses_as_overload_does(late.rejection_status));
        CHECK(late.limits.size() == 1);
        const auto closing = random_scenario(random_kind::closing_connections, seed).provider;
        CHECK(closing.rejection_status == provider::connection_closed);
        CHECK(closing.hints == provider::hints_description());
        const auto poisoned = random_scenario(random_kind::poisoned_prompt, seed);
        const auto& never = poisoned.clients[0].always_refused;
        CHECK((!never.empty() && never.size() <= 3));
        CHECK(never.back() < poisoned.clients[0].requests);
        CHECK(refuses_as_overload_does(poisoned.provider.rejection_status));
    }
}

TEST_CASE("closed starts are drawn with and without a bucket behind, and with and without a true hint") {
    std::set<std::pair<std::size_t, provider::retry_after_hint>> found;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        const auto server = random_scenario(random_kind::closed_at_start, seed).provider;
        found.emplace(server.limits.size(), server.refusals.closures.at(0).retry_after);
    }
    using hint = provider::retry_after_hint;
    CHECK(found == decltype(found){{0, hint::none},
                                   {0, hint::exact},
                                   {0, hint::integer},
                                   {1, hint::none},
                                   {1, hint::exact},
                                   {1, hint::integer}});
}

TEST_CASE("a dip lowers a bucket's rate in the middle of the job, which outlasts it") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        const auto drawn = random_scenario(random_kind::dip, seed);
        CAPTURE(drawn.name);
        const auto& changes = drawn.provider.changes;
        REQUIRE(changes.size() == 2);
        const auto& usual = std::get<provider::token_bucket>(drawn.provider.limits[0]);
        const auto& low = std::get<provider::token_bucket>(changes[0].limits[0]);
        CHECK((low.rate_per_s >= 0.049 * usual.rate_per_s && low.rate_per_s <= 0.501 * usual.rate_per_s));
        CHECK(changes[1].limits == drawn.provider.limits);
        const auto lasts = changes[1].at - changes[0].at;
        CHECK((lasts >= 10s && lasts <= 60s));
        CHECK(stagger::sim::clairvoyant_makespan(drawn, seed) > changes[1].at);
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
