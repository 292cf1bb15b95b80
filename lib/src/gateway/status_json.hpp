#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "gateway/gateway.hpp"
#include "stagger/coordinator_status.hpp"

namespace stagger::gateway {

/// What a gateway shows of itself.
struct gateway_status {
    std::string upstream;  ///< its base URL
    bool draining = false;
    coordinator_status of_gate;
    std::array<std::size_t, 3> waiting{};  ///< by class, before the coordinator's line
    std::uint64_t waiting_bytes = 0;
    /// How long calls have waited lately, by class; nothing where none has.
    struct usual_waits {
        std::optional<duration> p50;
        std::optional<duration> p99;
    };
    std::array<usual_waits, 3> waits;
    waiting_crowd crowd;
    gateway_counts counts;
};
gateway_status status_of(const gateway& shown, time_point now);

/** One JSON object, as docs/serve.md has it. `closed_s` is how long nothing is admitted, as far as is known;
 * `limit_per_s` and `window` are null as long as none was measured.
 */
std::string to_json(const gateway_status& shown, time_point now);

}  // namespace stagger::gateway
