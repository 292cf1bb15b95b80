#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "probe/probe_findings.hpp"
#include "probe_in_virtual_time.hpp"
#include "stagger/random.hpp"

namespace {

using namespace stagger;
using namespace std::chrono_literals;
using probe::limit_rule;
using probe::probe_verdict;
using provider::provider_description;

// Of each kind. The address sanitizer looks for other faults, and takes many times as long.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t seeds = 4;
#else
constexpr std::uint64_t seeds = 40;
#endif

double over_magnitudes(random_source& random, double low, double high) {
    return std::exp(random.uniform(std::log(low), std::log(high)));
}

double whole(random_source& random, double low, double high) {
    return std::round(over_magnitudes(random, low, high));
}

/// A provider without a limit, somewhere on the network.
provider_description draw_provider(random_source& random) {
    provider_description drawn;
    drawn.latency.kind = provider::distribution::lognormal;
    drawn.latency.mean = from_seconds(over_magnitudes(random, 0.02, 2));
    drawn.rtt = from_seconds(over_magnitudes(random, 0.0005, 0.05));
    return drawn;
}

probe::probe_findings findings_of(const provider_description& server, std::uint64_t seed,
                                  const probe::probe_bounds& bounds = {}) {
    const probe::probe_plan done = probe_in_virtual_time(server, bounds, seed);
    REQUIRE(done.answers().size() <= bounds.max_requests);
    return probe::conclude(done.answers(), done.end());
}

void check_rate(const probe::probe_findings& found, double per_s) {
    CHECK(found.limit.rate_per_s().best == doctest::Approx(per_s).epsilon(0.05));
}

/// Probes many random providers; a failure names the seed.
void probe_many(
    const std::function<void(random_source&, provider_description&, std::uint64_t)>& draw_and_check) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        INFO("seed " << seed);
        random_source random(seed);
        provider_description server = draw_provider(random);
        draw_and_check(random, server, seed);
    }
}

}  // namespace

TEST_CASE("a probe tells a token bucket, its rate and its depth") {
    probe_many([](random_source& random, provider_description& server, std::uint64_t seed) {
        const double per_s = over_magnitudes(random, 0.5, 100);
        const double burst = whole(random, 2, 60);
        server.limits = {provider::token_bucket{provider::unit::requests, per_s, burst}};
        const auto found = findings_of(server, seed);
        REQUIRE(found.verdict == probe_verdict::rate);
        CHECK(found.is_sure());
        check_rate(found, per_s);
        CHECK(std::fabs(found.limit.capacity.best - burst) <= 1 + per_s * to_seconds(server.rtt) / 4);
    });
}

// Where the network's jitter is close to the time between two admissions, nobody can tell it.
TEST_CASE("a probe measures a bucket of one, which gathers nothing") {
    probe_many([](random_source& random, provider_description& server, std::uint64_t seed) {
        const double per_s = over_magnitudes(random, 0.5, 10);
        server.rtt = std::min<duration>(server.rtt, 5ms);
        server.limits = {provider::token_bucket{provider::unit::requests, per_s, 1}};
        const auto found = findings_of(server, seed);
        REQUIRE(found.verdict == probe_verdict::rate);
        // A server that wants a pause as long as that between two admissions may look the same.
        CHECK(found.explains_answers());
        check_rate(found, per_s);
        CHECK(found.limit.capacity.best == 1);
    });
}

TEST_CASE("a probe tells a window by the clock, its length and its quota") {
    probe_many([](random_source& random, provider_description& server, std::uint64_t seed) {
        const double window_s = over_magnitudes(random, 1, 20);
        const double quota = whole(random, 5, 60);
        server.limits = {provider::fixed_window{provider::unit::requests, quota, from_seconds(window_s),
                                                from_seconds(random.uniform(0, window_s))}};
        const auto found = findings_of(server, seed);
        REQUIRE(found.verdict == probe_verdict::window);
        CHECK(found.is_sure());
        CHECK(found.limit.rule == limit_rule::clock_opens);
        CHECK(found.limit.capacity.best == quota);
        check_rate(found, quota / window_s);
    });
}

TEST_CASE("a probe tells a sliding window from one that opens all at once") {
    probe_many([](random_source& random, provider_description& server, std::uint64_t seed) {
        const double window_s = over_magnitudes(random, 1, 20);
        const double quota = whole(random, 5, 60);
        server.limits = {provider::sliding_window{provider::unit::requests, quota, from_seconds(window_s)}};
        const auto found = findings_of(server, seed);
        REQUIRE(found.verdict == probe_verdict::window);
        CHECK(found.is_sure());
        CHECK(found.limit.rule == limit_rule::sliding);
        CHECK(found.limit.capacity.best == quota);
        check_rate(found, quota / window_s);
    });
}

TEST_CASE("a probe counts the places of a limit on concurrency") {
    probe_many([](random_source& random, provider_description& server, std::uint64_t seed) {
        provider::concurrency_limit limit;
        limit.max = static_cast<unsigned>(whole(random, 1, 60));
        server.limits = {limit};
        const auto found = findings_of(server, seed);
        REQUIRE(found.verdict == probe_verdict::concurrency);
        CHECK(found.is_sure());
        CHECK(found.limit.capacity.best == limit.max);
    });
}

TEST_CASE("a probe finds nothing where there is no limit, and says how far it looked") {
    probe_many([](random_source&, provider_description& server, std::uint64_t seed) {
        const auto found = findings_of(server, seed);
        CHECK(found.verdict == probe_verdict::none_found);
        CHECK(found.admitted == probe::probe_bounds().max_requests);
        CHECK(found.most_at_once >= 100);
    });
}

TEST_CASE("a probe keeps to its bounds, and tells what it has seen by then") {
    provider_description server;
    server.limits = {provider::token_bucket{provider::unit::requests, 0.2, 3}};
    probe::probe_bounds bounds;
    bounds.max_time = 20s;
    CHECK(findings_of(server, 1, bounds).end == probe::probe_end::out_of_time);
    bounds = {};
    bounds.max_requests = 60;
    const auto few = findings_of(server, 1, bounds);
    CHECK(few.end == probe::probe_end::out_of_requests);
    CHECK(few.requests == 60);
}

TEST_CASE("a probe that ends with the first refusals does not say that everything was refused") {
    provider_description server;
    server.rtt = 1ms;
    server.latency.mean = 10ms;
    server.limits = {provider::token_bucket{provider::unit::requests, 0.2, 3}};
    probe::probe_bounds bounds;
    bounds.max_requests = 20;
    CHECK(findings_of(server, 1, bounds).verdict == probe_verdict::undecided);
    bounds = {};
    bounds.max_time = 4s;  // the next one is admitted after five
    const auto brief = findings_of(server, 1, bounds);
    CHECK(brief.verdict == probe_verdict::closed);
    CHECK(brief.end == probe::probe_end::out_of_time);
}

TEST_CASE("a probe of a server that fails is short") {
    provider_description server;
    server.faults.outages = {{0s, 1h, 502}};
    const auto found = findings_of(server, 1);
    CHECK(found.verdict == probe_verdict::down);
    CHECK(found.requests == 3);
}

TEST_CASE("a probe checks what Retry-After says") {
    provider_description server;
    server.latency.mean = 50ms;
    server.rtt = 2ms;
    server.limits = {provider::fixed_window{provider::unit::requests, 20, 4s, 1s}};
    const auto truth_of = [&](provider::retry_after_hint hint, duration wrong = 30s) {
        server.hints.retry_after = hint;
        server.hints.wrong = wrong;
        return findings_of(server, 1).hints.retry_after.truth;
    };
    CHECK(truth_of(provider::retry_after_hint::exact) == probe::hint_truth::holds);
    CHECK(truth_of(provider::retry_after_hint::integer) == probe::hint_truth::rounded_up);
    CHECK(truth_of(provider::retry_after_hint::wrong) == probe::hint_truth::too_long);
    CHECK(truth_of(provider::retry_after_hint::wrong, 100ms) == probe::hint_truth::too_short);
    CHECK(truth_of(provider::retry_after_hint::none) == probe::hint_truth::unknown);
}
