#pragma once

#include <cmath>

#include "stagger/time.hpp"

namespace stagger::provider {

/// What a sum of costs may lack and still count as enough: far above the rounding errors of doubles and of
/// whole nanoseconds, far below any cost.
inline constexpr double cost_tolerance = 1e-9;

/// Whole nanoseconds, upwards: a wait that is rounded down ends before the request is admitted.
inline duration ceil_seconds(double seconds) {
    if (seconds <= 0) return duration::zero();
    const duration down = from_seconds(seconds);
    return down == duration::max() || to_seconds(down) >= seconds ? down : down + duration(1);
}

/// Whole units as a server reports them.
inline double whole_units(double units) {
    return units <= 0 ? 0 : std::floor(units + cost_tolerance);
}

}  // namespace stagger::provider
