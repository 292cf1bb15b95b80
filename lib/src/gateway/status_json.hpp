#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "gateway/gateway.hpp"
#include "stagger/coordinator_status.hpp"

namespace stagger::gateway {

/// What a gateway shows of itself.
struct gateway_status {
    std::string upstream;  ///< its base URL
    bool draining = false;
    coordinator_status of_gate;
    std::array<std::size_t, 3> waiting{};  ///< by class
    gateway_counts counts;
};

/** One JSON object. `closed_s` is how long nothing is admitted, as far as is known; `limit_per_s` and
 * `window` are null as long as none was measured.
 */
std::string to_json(const gateway_status& shown, time_point now);

}  // namespace stagger::gateway
