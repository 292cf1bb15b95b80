#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stagger/coordinator_status.hpp"
#include "stagger/fleet.hpp"

namespace app {

/// One limit that is shared, as its leader wrote it down in the last seconds.
struct shared_limit {
    /// Tells apart limits of one endpoint and model, as of two API keys: eight digits of the hash in its
    /// keys.
    std::string id;
    std::string endpoint;
    std::string model;
    std::uint64_t processes = 0;
    std::uint64_t active = 0;  ///< of them: that have requests waiting, or had lately
    double per_s = 0;          ///< the limit, or the pace while it is not known
    bool is_measured = false;
    stagger::coordinator_mode mode = stagger::coordinator_mode::ramp;
    /// What each active one has of it.
    double share_per_s() const { return per_s / static_cast<double>(active > 0 ? active : 1); }
    std::uint64_t term = 0;  ///< of the leader: when it took over, in milliseconds of the store's clock
};

/// @throws std::invalid_argument where the text is nothing that a leader wrote
shared_limit parse_shared_limit(std::string_view text);

/// The `id` of the limit that a key of the store is of; empty where there is none.
std::string limit_id(std::string_view key);

/** Asks the store, and waits for its answer.
 * @throws failure endpoint_unusable where it cannot be used
 */
std::vector<shared_limit> read_fleet_status(const stagger::fleet_options& options);

}  // namespace app
