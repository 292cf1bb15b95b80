#pragma once

#include <cstdint>

#include "stagger/time.hpp"

namespace stagger {

/// How a coordinator stands to the fleet whose limit it shares (`client_options::fleet`).
struct fleet_state {
    bool is_member = false;     ///< it is to share a limit at all
    bool is_alone = false;      ///< nothing is heard of the fleet: it goes at `share_per_s` by itself
    std::uint64_t term = 0;     ///< of the leader that was heard last; 0: none yet
    double fleet_per_s = 0;     ///< the limit that is shared, or the pace while it is not known; 0: unknown
    std::uint64_t members = 0;  ///< among which it is divided; 0: unknown
    double share_per_s = 0;     ///< an equal part of it; 0: unknown
    std::uint64_t times_alone = 0;     ///< how often the fleet was lost
    duration alone_for{};              ///< in all, until now
    std::uint64_t slots_returned = 0;  ///< slots that came too late, or for which there was no request
};

}  // namespace stagger
