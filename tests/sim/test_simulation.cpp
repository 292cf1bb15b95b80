#include <doctest/doctest.h>

#include <vector>

#include "scenarios.hpp"
#include "sim/clairvoyant.hpp"
#include "sim/event_queue.hpp"
#include "sim/simulation.hpp"
#include "sim/span_histogram.hpp"
#include "sim/warm_start.hpp"

using namespace scenarios;
using stagger::to_seconds;

namespace {

/// Nothing random, so that times can be worked out by hand.
provider::scenario exact(std::uint64_t requests) {
    auto scenario = far_away(requests);
    scenario.provider.latency = {provider::distribution::constant, 2s, 0};
    scenario.provider.rtt = 100ms;
    scenario.provider.rtt_sigma = 0;
    return scenario;
}

}  // namespace

TEST_CASE("events come in the order of time, then of scheduling") {
    stagger::sim::event_queue<int> queue;
    const stagger::time_point start{};
    queue.schedule(start + 2s, 1);
    queue.schedule(start + 1s, 2);
    queue.schedule(start + 2s, 3);
    CHECK(queue.next_at() == start + 1s);
    CHECK(queue.take().what == 2);
    CHECK(queue.take().what == 1);
    CHECK(queue.take().what == 3);
    CHECK(queue.empty());
    CHECK(queue.next_at() == stagger::never);
}

TEST_CASE("quantiles of spans are right to two percent") {
    stagger::sim::span_histogram spans;
    CHECK(spans.quantile_s(0.5) == 0);
    for (int each = 1; each <= 1000; ++each) spans.add(each * 1ms);
    CHECK(spans.quantile_s(0.5) == doctest::Approx(0.5).epsilon(0.02));
    CHECK(spans.quantile_s(0.99) == doctest::Approx(0.99).epsilon(0.02));
}

TEST_CASE("the clairvoyant caller empties a bucket at once and then keeps its rate") {
    auto scenario = exact(110);
    scenario.provider.limits = {token_bucket(10, 10)};
    // 10 at once, 100 more at 10/s, then the last one's service and the way there and back.
    CHECK(to_seconds(stagger::sim::clairvoyant_makespan(scenario, 1)) ==
          doctest::Approx(12.1).epsilon(0.001));
}

TEST_CASE("the clairvoyant caller keeps within its own concurrency") {
    auto scenario = exact(10);
    scenario.clients[0].concurrency = 5;
    scenario.provider.limits = {token_bucket(1000, 1000)};
    CHECK(to_seconds(stagger::sim::clairvoyant_makespan(scenario, 1)) == doctest::Approx(4.2).epsilon(0.001));
}

TEST_CASE("the clairvoyant caller meets a limit on concurrency exactly when a place is free") {
    auto scenario = exact(10);
    scenario.provider.limits = {concurrency(5)};
    CHECK(to_seconds(stagger::sim::clairvoyant_makespan(scenario, 1)) == doctest::Approx(4.1).epsilon(0.001));
}

TEST_CASE("the clairvoyant caller waits out an outage and a lower limit") {
    auto scenario = exact(30);
    scenario.provider.limits = {token_bucket(10, 10)};
    scenario.provider.faults.outages = {{0s, 5s}};
    CHECK(to_seconds(stagger::sim::clairvoyant_makespan(scenario, 1)) ==
          doctest::Approx(5 + 2 + 2.05).epsilon(0.01));
}

TEST_CASE("one request takes one round trip and its service") {
    auto scenario = exact(1);
    scenario.provider.limits = {token_bucket(10, 10)};
    const auto measured = stagger::sim::run(scenario, stagger::sim::policy(), 1);
    CHECK(measured.makespan_s == doctest::Approx(2.1));
    CHECK(measured.efficiency == doctest::Approx(1));
    CHECK(measured.succeeded == 1);
    CHECK(measured.p99_retry_wait_s == doctest::Approx(0.1).epsilon(0.02));
}

TEST_CASE("a client's requests begin when it starts") {
    auto scenario = exact(1);
    scenario.provider.limits = {token_bucket(10, 10)};
    scenario.clients.push_back(scenario.clients[0]);
    scenario.clients[1].start = 10s;
    const auto measured = stagger::sim::run(scenario, stagger::sim::policy(), 1);
    CHECK(measured.makespan_s == doctest::Approx(12.1));
}

TEST_CASE("a queue at the server answers when its place is free or its time is up") {
    auto scenario = exact(3);
    provider::concurrency_limit limit;
    limit.max = 1;
    limit.queue = 2;
    limit.queue_timeout = 3s;
    scenario.provider.limits = {limit};
    stagger::sim::policy unpaced;
    unpaced.coordination.pacing(stagger::pacing_kind::unpaced);
    const auto measured = stagger::sim::run(scenario, unpaced, 1);
    // Served from 0.05 to 2.05 and to 4.05 s; the third times out at 3.05 s and is then served from 4.05 s.
    CHECK(measured.succeeded == 3);
    CHECK(measured.rejected == 1);
    CHECK(measured.makespan_s == doctest::Approx(6.1).epsilon(0.01));
}

TEST_CASE("attempts that run out are counted as lost") {
    auto scenario = exact(20);
    scenario.provider.limits = {token_bucket(0.001, 1)};
    stagger::sim::policy impatient;
    impatient.coordination.pacing(stagger::pacing_kind::unpaced);
    impatient.max_attempts = 2;
    const auto measured = stagger::sim::run(scenario, impatient, 1);
    CHECK(measured.succeeded == 1);
    CHECK(measured.lost == 19);
    CHECK(measured.rejected == 38);
}

TEST_CASE("what is remembered is the slowest limit, in requests") {
    using stagger::limit_kind;
    auto scenario = exact(1);
    const auto learned = [&] {
        return stagger::sim::what_was_learned(scenario.provider, scenario.clients[0]);
    };
    CHECK_FALSE(learned());
    scenario.provider.limits = {token_bucket(50, 50), fixed_window(600, 60s)};
    CHECK(learned()->rate_per_s == doctest::Approx(10));
    CHECK(learned()->kind == limit_kind::window);
    CHECK(learned()->quota == 600);
    CHECK(learned()->window == 60s);
    scenario.provider.limits = {concurrency(64), sliding_window(6000, 60s)};
    CHECK(learned()->rate_per_s == doctest::Approx(32));
    CHECK(learned()->kind == limit_kind::concurrency);
    CHECK(learned()->in_flight == 64);
    scenario.provider.limits = {token_bucket(1500, 3000, provider::unit::tokens)};
    CHECK(learned()->rate_per_s == doctest::Approx(5));
    CHECK(learned()->kind == limit_kind::rate);
    CHECK(learned()->burst == 10);
    scenario.provider.lockout_silence = 3s;
    CHECK(learned()->kind == limit_kind::lockout);
    CHECK(learned()->silence == 3s);
}
