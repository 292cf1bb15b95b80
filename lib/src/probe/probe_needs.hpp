#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "probe/probe_answer.hpp"

namespace stagger::probe {

/// What telling a limit takes at least, from the first request on.
struct probe_needs {
    duration time{0};
    std::size_t requests = 0;
    duration opens_after{0};         ///< how long a refusal lasted, has lasted so far, or is said to last
    std::size_t admitted_first = 0;  ///< before the first refusal
};

/** @brief Estimates it as soon as something was refused: before that, nothing.
 *
 * A limit is seen opening several times, and what it admits at once is spent as often. How long it stays shut
 * is known once it has opened; before that it is at least the time since the first refusal, or what the
 * server says.
 */
std::optional<probe_needs> estimate_needs(const std::vector<probe_answer>& answers, time_point now);

}  // namespace stagger::probe
