#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "provider/arrival_peak.hpp"
#include "provider/draw.hpp"
#include "unit/provider/script.hpp"

using namespace stagger;
using namespace stagger::test;
using provider::distribution;

TEST_CASE("a lognormal draw has the mean asked for, and sigma is that of the logarithm") {
    random_source random(3);
    constexpr int draws = 200'000;
    double sum = 0;
    double log_sum = 0;
    double log_squares = 0;
    for (int i = 0; i < draws; ++i) {
        const double value = provider::draw(distribution::lognormal, 2.0, 0.5, random);
        REQUIRE(value > 0);
        sum += value;
        log_sum += std::log(value);
        log_squares += std::log(value) * std::log(value);
    }
    const double log_mean = log_sum / draws;
    CHECK(sum / draws == doctest::Approx(2.0).epsilon(0.01));
    CHECK(log_mean == doctest::Approx(std::log(2.0) - 0.125).epsilon(0.01));
    CHECK(std::sqrt(log_squares / draws - log_mean * log_mean) == doctest::Approx(0.5).epsilon(0.01));
}

TEST_CASE("a constant is a constant, and takes nothing from the random numbers") {
    random_source random(3);
    CHECK(provider::draw_service({distribution::constant, 1234ms, 9}, random) == 1234ms);
    CHECK(provider::draw_service({distribution::lognormal, 1234ms, 0}, random) == 1234ms);
    provider::provider_description description;
    description.rtt = 7ms;
    description.rtt_sigma = 0;
    CHECK(provider::draw_rtt(description, random) == 7ms);
    description.rtt = 0ms;
    description.rtt_sigma = 0.1;
    CHECK(provider::draw_rtt(description, random) == 0ms);
    CHECK(provider::draw_tokens({distribution::constant, 0.2, 0.5}, random) == 1);
    random_source untouched(3);
    CHECK(random.next() == untouched.next());
}

TEST_CASE("the most arrivals in a span, whatever instant it begins at") {
    provider::arrival_peak peak(10ms);
    CHECK(peak.most() == 0);
    for (const int ms : {0, 4, 9}) peak.add(at(ms * 1ms));
    CHECK(peak.most() == 3);
    peak.add(at(10ms));  // the first is ten away by now
    CHECK(peak.most() == 3);
    peak.add(at(11ms));
    CHECK(peak.most() == 4);  // 4, 9, 10, 11
    peak.add(at(1s));
    CHECK(peak.most() == 4);
}

TEST_CASE("the peak is that of a count by hand over random arrivals") {
    random_source random(11);
    provider::arrival_peak peak(10ms);
    std::vector<duration> arrivals;
    std::uint64_t most = 0;
    duration now{0};
    for (int i = 0; i < 2000; ++i) {
        now += duration(static_cast<std::int64_t>(random.uniform(0, 4e6)));
        arrivals.push_back(now);
        peak.add(at(now));
        const auto within =
            std::count_if(arrivals.begin(), arrivals.end(), [&](duration each) { return each > now - 10ms; });
        most = std::max(most, static_cast<std::uint64_t>(within));
        REQUIRE(peak.most() == most);
    }
}
