#pragma once

#include <algorithm>
#include <chrono>

#include "stagger/time.hpp"

namespace stagger {

/// The clock of every wait and every limit.
inline time_point steady_now() {
    return std::chrono::steady_clock::now();
}

/// `limit`, or a span from now where that ends before.
inline time_point earlier_of(duration span, time_point limit) {
    return std::min(saturating_add(steady_now(), span), limit);
}

/// Seconds since 1970: what dates in headers are compared with.
inline double unix_now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace stagger
