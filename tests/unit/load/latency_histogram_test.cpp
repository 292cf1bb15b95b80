#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "load/latency_histogram.hpp"
#include "stagger/random.hpp"

using namespace std::chrono_literals;
using stagger::duration;
using stagger::to_seconds;
using stagger::load::latency_histogram;

namespace {

/// The nearest rank in a sorted list of all values.
duration of_sorted(const std::vector<duration>& sorted, double share) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

/// Draws spans whose logarithm is uniform from `least_s` over so many decades.
std::vector<duration> log_uniform(std::size_t count, double least_s, double decades, std::uint64_t seed) {
    stagger::random_source random(seed);
    std::vector<duration> all;
    for (std::size_t each = 0; each < count; ++each)
        all.push_back(stagger::from_seconds(least_s * std::pow(10, decades * random.uniform())));
    return all;
}

/// Two clusters far apart, as of a server that stalls.
std::vector<duration> with_a_stall(std::size_t count, std::uint64_t seed) {
    stagger::random_source random(seed);
    std::vector<duration> all;
    for (std::size_t each = 0; each < count; ++each) {
        const double base_s = random.uniform() < 0.97 ? 0.010 : 2.0;
        all.push_back(stagger::from_seconds(base_s * (1 + 0.2 * random.uniform())));
    }
    return all;
}

void check_against_sorted(std::vector<duration> spans) {
    latency_histogram histogram;
    for (const duration span : spans) histogram.add(span);
    std::sort(spans.begin(), spans.end());
    for (const double share : {0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
        const double exact = to_seconds(of_sorted(spans, share));
        INFO("share " << share << " of " << spans.size());
        CHECK(std::abs(to_seconds(histogram.percentile(share)) - exact) <= 0.01 * exact);
    }
}

}  // namespace

TEST_CASE("latency histogram: percentiles are within 1 % of a sorted list") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        for (const std::size_t count : {1u, 2u, 7u, 100u, 10'000u}) {
            check_against_sorted(log_uniform(count, 2e-6, 10, seed));
            check_against_sorted(log_uniform(count, 0.01, 0.3, seed));
            check_against_sorted(with_a_stall(count, seed));
        }
    }
}

TEST_CASE("latency histogram: mean, least and greatest are exact") {
    latency_histogram histogram;
    for (const auto span : {1ms, 2ms, 6ms}) histogram.add(span);
    const auto summary = histogram.summary();
    CHECK(summary.count == 3);
    CHECK(summary.mean == doctest::Approx(3));
    CHECK(summary.min == 1);
    CHECK(summary.max == 6);
    CHECK(summary.p50 == doctest::Approx(2).epsilon(0.01));
    CHECK(summary.p999 == doctest::Approx(6).epsilon(0.01));
}

TEST_CASE("latency histogram: of nothing all is zero") {
    const latency_histogram none;
    CHECK(none.count() == 0);
    CHECK(none.percentile(0.5) == 0ns);
    CHECK(none.summary() == stagger::load::latency_summary());
}

TEST_CASE("latency histogram: what is outside its range counts at its ends") {
    latency_histogram histogram;
    histogram.add(-5ms);
    histogram.add(0ns);
    histogram.add(std::chrono::hours(24 * 365));
    CHECK(histogram.percentile(0.5) == 0ns);
    CHECK(histogram.percentile(1) == std::chrono::hours(24 * 365));
    const auto summary = histogram.summary();
    REQUIRE(summary.histogram.size() == 2);
    CHECK(summary.histogram.front().count == 2);
    CHECK(summary.histogram.back().upper_ms == summary.max);
}

TEST_CASE("latency histogram: its buckets hold everything once, each below its upper end") {
    latency_histogram histogram;
    const auto spans = log_uniform(5000, 1e-4, 4, 3);
    for (const duration span : spans) histogram.add(span);
    double last_ms = 0;
    std::uint64_t sum = 0;
    for (const auto& bucket : histogram.summary().histogram) {
        const auto within = std::count_if(spans.begin(), spans.end(), [&](duration span) {
            const double ms = 1e3 * to_seconds(span);
            return ms >= last_ms && ms < bucket.upper_ms;
        });
        CHECK(bucket.upper_ms > last_ms);
        CHECK(static_cast<std::uint64_t>(within) == bucket.count);
        last_ms = bucket.upper_ms;
        sum += bucket.count;
    }
    CHECK(sum == spans.size());
}
