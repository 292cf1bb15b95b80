#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace stagger::test {

/// Kolmogorov-Smirnov distance of sorted samples from the uniform distribution on [low, high].
inline double distance_from_uniform(const std::vector<double>& sorted, double low, double high) {
    double worst = 0;
    const double count = static_cast<double>(sorted.size());
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        const double expected = std::clamp((sorted[i] - low) / (high - low), 0.0, 1.0);
        worst = std::max({worst, std::abs(expected - static_cast<double>(i) / count),
                          std::abs(static_cast<double>(i + 1) / count - expected)});
    }
    return worst;
}

/// Uniform on [low, high]: no sample outside, and the distance is below its 0.1 % critical value.
inline void check_uniform(std::vector<double> samples, double low, double high) {
    CAPTURE(low);
    CAPTURE(high);
    REQUIRE(!samples.empty());
    std::sort(samples.begin(), samples.end());
    const double critical = 1.95 / std::sqrt(static_cast<double>(samples.size()));
    CHECK(samples.front() >= low - 1e-9);
    CHECK(samples.back() <= high);
    CHECK(distance_from_uniform(samples, low, high) < critical);
}

}  // namespace stagger::test
