#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "stagger/coordinator_status.hpp"
#include "stagger/time.hpp"

namespace stagger::gateway {

/// What a call that waits may expect, from the line and the pace.
struct outlook {
    std::size_t ahead = 0;         ///< calls that go before it
    double pace_per_s = 0;         ///< 0: not known
    duration closed_for{0};        ///< until anything is admitted at all, as far as is known
    std::optional<duration> wait;  ///< until its turn; none where there is nothing to reckon with
};

outlook look_ahead(std::size_t ahead, const coordinator_status& of_gate, time_point now);

/** @brief Whole seconds after which a client is asked to come again, 1 to 59.
 *
 * Clients that take a longer wait for a mistake ignore it or never come back, so that 59 is the most that
 * can be said. By position: who stands further behind is asked later, and returns come at the pace.
 * @param allowed of the wait the client would have borne anyway
 */
unsigned seconds_to_return(const outlook& seen, duration allowed);

/// Nothing that a client could wait for: it had better not try again by itself.
bool is_hopeless(const outlook& seen, duration allowed);

/// "41 ahead, about 12 s"
std::string to_text(const outlook& seen);

}  // namespace stagger::gateway
