#pragma once

#include <cstdint>

#include "provider/description.hpp"
#include "stagger/time.hpp"

namespace stagger::sim {

/** @brief How long the best possible caller takes for a scenario.
 *
 * It knows every limiter's state and the same service draws, and sends each request, in the order of
 * submission, at the first instant at which it is admitted and within its client's concurrency. Several
 * clients take turns.
 */
duration clairvoyant_makespan(const provider::scenario& scenario, std::uint64_t seed);

}  // namespace stagger::sim
