#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "scenario/format_scenario.hpp"
#include "scenario/scenario_file.hpp"

using namespace stagger;
using namespace std::chrono_literals;
using wire::format_scenario;
using wire::parse_scenario;

namespace {

provider::scenario simple() {
    provider::scenario scenario;
    scenario.name = "simple";
    scenario.provider.limits = {provider::token_bucket{provider::unit::requests, 50, 50}};
    scenario.clients.resize(1);
    return scenario;
}

/// Every member has another value than its default.
provider::scenario unusual() {
    provider::scenario scenario;
    scenario.name = "a \"quoted\" name";
    scenario.seed = 18'000'000'000'000'000'000u;
    provider::provider_description& server = scenario.provider;
    server.limits = {provider::token_bucket{provider::unit::tokens, 0.57, 1.1},
                     provider::fixed_window{provider::unit::tokens, 20, 1s, 250ms},
                     provider::sliding_window{provider::unit::requests, 20, 1ns},
                     provider::concurrency_limit{7, 3, 1500ms}};
    server.charge_rejections = true;
    server.lockout_silence = 3s;
    server.hints = {provider::retry_after_hint::wrong, 4s, provider::header_hint::ietf};
    server.latency = {provider::distribution::lognormal, 1'234'567'891ns, 0.7};
    server.rtt = 1ms;
    server.rtt_sigma = 0.3;
    server.changes = {{100s, {provider::concurrency_limit{1, 0, 3s}}}, {200s, {}}};
    server.faults = {0.02, 529, {{30s, 60s}, {0s, 1ns}}};
    server.refusals.by_chance = {{0.57, 429, true, 3, 4}, {.share = 1}};
    server.refusals.by_chance[1].status = provider::connection_closed;
    server.rejection_status = provider::connection_closed;
    server.refusals.prompts = {"a \"quoted\" one", "x"};
    server.refusals.delay = 1500ms;
    using provider::counted_tokens;
    server.models["org/new"].limits = {
        provider::token_bucket{provider::unit::tokens, 1, 2, counted_tokens::settled},
        provider::fixed_window{provider::unit::tokens, 20, 1s, 0s, counted_tokens::made},
        provider::sliding_window{provider::unit::tokens, 20, 1s, counted_tokens::input},
        provider::sliding_window{provider::unit::tokens, 20, 1s, counted_tokens::output}};
    server.models["old"].refused = true;
    server.models["plain"];
    server.answers = {4096, 16, 5, provider::error_form::quota, provider::error_form::cut};
    server.refusals.closures = {{1ns, 2s, 429, provider::retry_after_hint::milliseconds}, {0s, 1ns}};
    provider::client_description client{500,
                                        64,
                                        2s,
                                        true,
                                        600,
                                        90'000,
                                        {provider::distribution::lognormal, 299.99, 0.1},
                                        provider::token_costs{provider::distribution::lognormal, 16, 0.5},
                                        64,
                                        {0, 3, 499},
                                        {"old", "plain"}};
    scenario.clients = {client, provider::client_description()};
    scenario.clients[1].concurrency = 1;
    scenario.clients[1].output.emplace();
    return scenario;
}

}  // namespace

TEST_CASE("a formatted scenario reads back as the same one") {
    for (const auto& scenario : {simple(), unusual()}) {
        CAPTURE(format_scenario(scenario));
        CHECK(parse_scenario(format_scenario(scenario)) == scenario);
    }
}

TEST_CASE("every hint and distribution reads back") {
    auto scenario = simple();
    for (const auto hint : {provider::retry_after_hint::none, provider::retry_after_hint::exact,
                            provider::retry_after_hint::integer, provider::retry_after_hint::milliseconds,
                            provider::retry_after_hint::wrong}) {
        scenario.provider.hints.retry_after = hint;
        CHECK(parse_scenario(format_scenario(scenario)) == scenario);
    }
    for (const auto headers : {provider::header_hint::none, provider::header_hint::openai,
                               provider::header_hint::ietf, provider::header_hint::anthropic}) {
        scenario.provider.hints.headers = headers;
        CHECK(parse_scenario(format_scenario(scenario)) == scenario);
    }
}

TEST_CASE("durations read back to the nanosecond") {
    auto scenario = simple();
    for (const duration each : {1ns, 57ns, 999'999'999ns, 1'000'000'001ns, 123'456'789ns}) {
        scenario.provider.latency.mean = each;
        CHECK(parse_scenario(format_scenario(scenario)).provider.latency.mean == each);
    }
}

TEST_CASE("what fits stands in one line, and defaults are left out") {
    CHECK(format_scenario(simple()) == R"({
  "name": "simple",
  "seed": 1,
  "provider": {
    "limits": [{"kind": "token_bucket", "rate_per_s": 50, "burst": 50}],
    "latency": {"kind": "constant", "mean_s": 2},
    "rtt_s": 0.05
  },
  "clients": [{"requests": 1, "concurrency": 1024}]
}
)");
}
