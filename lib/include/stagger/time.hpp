#pragma once

#include <chrono>
#include <cmath>

namespace stagger {

/// Every span of time that the library is told or tells.
using duration = std::chrono::nanoseconds;
/// A moment of the steady clock. No part of the core reads a clock; callers pass the time in.
using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;

/// A time that never comes: no deadline, nothing scheduled.
inline constexpr time_point never = time_point::max();

/// The span as a number of seconds.
constexpr double to_seconds(duration span) {
    return std::chrono::duration<double>(span).count();
}

/// Converts seconds to a duration; values beyond what a duration can hold (292 years) saturate.
constexpr duration from_seconds(double seconds) {
    constexpr double limit = 9.2e9;
    if (!(seconds < limit)) return duration::max();
    if (seconds < -limit) return duration::min();
    return std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds));
}

/// The same to the nearest step of the clock: a duration that was written down in seconds reads back as
/// itself.
inline duration from_seconds_rounded(double seconds) {
    constexpr double limit = 9.2e9;
    if (!(std::fabs(seconds) < limit)) return from_seconds(seconds);
    constexpr double steps_per_s = 1e9;
    return duration(std::llround(seconds * steps_per_s));
}

/// `start + span`, or `never` where the sum cannot be represented.
constexpr time_point saturating_add(time_point start, duration span) {
    return span > never - start ? never : start + span;
}

}  // namespace stagger
