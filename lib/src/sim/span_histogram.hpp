#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "stagger/time.hpp"

namespace stagger::sim {

/// Spans counted in buckets whose width grows with the span: quantiles to 2 %, in the same memory for any
/// number.
class span_histogram {
 public:
    void add(duration span);
    /// The span that this share of all does not exceed; 0 of none.
    double quantile_s(double share) const;

 private:
    static constexpr double shortest_s = 1e-6;
    static constexpr double growth = 1.02;
    static constexpr std::size_t buckets = 1400;  // up to 1e-6 * 1.02^1400 s, a year
    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t total_ = 0;
};

}  // namespace stagger::sim
