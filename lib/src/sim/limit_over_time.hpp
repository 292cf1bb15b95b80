#pragma once

#include <vector>

#include "provider/description.hpp"
#include "stagger/time.hpp"

namespace stagger::sim {

/// What the provider admits from `from` on.
struct limit_step {
    duration from{};
    double per_s = 0;
    friend bool operator==(const limit_step&, const limit_step&) = default;
};

/** @brief The rate that a scenario's limits allow in the long run, in requests per second, as it changes.
 *
 * Of several limits the slowest; a window's is its quota over its length, that of a limit on requests in
 * flight their number over the mean service; tokens count at the first client's mean. During an outage
 * or a closure it is 0. Empty where the provider begins or goes on without any limit: there is no such rate.
 */
std::vector<limit_step> limit_over_time(const provider::scenario& scenario);

}  // namespace stagger::sim
