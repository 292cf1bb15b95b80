#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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
    /// Those who wait, and those who did lately.
    struct seen_tenant {
        std::uint64_t number = 0;
        std::string name;  ///< as it is shown
        std::size_t waiting = 0;
        std::size_t going = 0;  ///< before the coordinator, and upstream
        duration oldest{0};
        usual_waits waits;
    };
    std::vector<seen_tenant> tenants;  ///< the fifty of whom most wait, or have
    gateway_counts counts;
};
/// Those of whom most wait, at most fifty.
void keep_most_waiting(std::vector<gateway_status::seen_tenant>& all);
gateway_status status_of(const gateway& shown, time_point now);

/** One JSON object, as docs/serve.md has it. `closed_s` is how long nothing is admitted, as far as is known;
 * `limit_per_s` and `window` are null as long as none was measured.
 */
std::string to_json(const gateway_status& shown, time_point now);

}  // namespace stagger::gateway
