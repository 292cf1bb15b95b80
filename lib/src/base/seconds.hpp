#pragma once

#include <chrono>

#include "stagger/time.hpp"

namespace stagger {

/// A learned or computed span. Points in time stay exact (`time_point`); what is measured and scaled does not
/// need to be, and a floating-point count divides and multiplies without casts.
using seconds = std::chrono::duration<double>;

/// `start + span`, rounded up to the clock's unit so that a timer set for it never rings too early.
inline time_point after(time_point start, seconds span) {
    constexpr seconds longest = std::chrono::hours(24 * 365);
    if (!(span < longest)) return never;
    return saturating_add(start, std::chrono::ceil<duration>(span));
}

}  // namespace stagger
