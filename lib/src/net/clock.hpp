#pragma once

#include <chrono>

#include "stagger/time.hpp"

namespace stagger {

/// The clock of every wait and every limit.
inline time_point steady_now() {
    return std::chrono::steady_clock::now();
}

/// Seconds since 1970: what dates in headers are compared with.
inline double unix_now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace stagger
