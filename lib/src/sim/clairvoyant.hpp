#pragma once

#include <cstdint>
#include <vector>

#include "provider/description.hpp"
#include "stagger/time.hpp"

namespace stagger::sim {

/** @brief How long the best possible caller takes for a scenario.
 *
 * It knows every limiter's state and the same service draws, and sends each request, in the order of
 * submission, at the first instant at which it is admitted and within its client's concurrency. Several
 * clients take turns. What the provider never answers it does not send, and what is refused by chance it
 * repeats at once.
 */
duration clairvoyant_makespan(const provider::scenario& scenario, std::uint64_t seed);
/// The same up to so many answers for each client.
duration clairvoyant_makespan(const provider::scenario& scenario, std::uint64_t seed,
                              const std::vector<std::uint64_t>& answers);

}  // namespace stagger::sim
