#pragma once

#include <cstdint>
#include <map>

#include "stagger/coordinator.hpp"

namespace stagger {

/** @brief What a client has done since it was made; see client::counters.
 *
 * A request counts from the moment it is on the client's strand, an attempt once it has ended. `running` is
 * of the moment; all others only grow.
 */
struct client_counters {
    std::uint64_t running = 0;             ///< requests that wait, are sent, or back off
    std::uint64_t succeeded = 0;           ///< requests
    std::uint64_t failed = 0;              ///< requests, those that were cancelled or invalid included
    std::uint64_t attempts = 0;            ///< admitted, and ended since
    std::uint64_t rejections = 0;          ///< attempts that a limit refused
    std::uint64_t unreadable_answers = 0;  ///< attempts answered with what is no JSON, or a part of it
    /// Attempts by the HTTP status of their answer; 0: those without a whole one.
    std::map<unsigned, std::uint64_t> attempts_by_status;
    std::uint64_t bytes_sent = 0;      ///< of HTTP, without TLS
    std::uint64_t bytes_received = 0;  ///< of HTTP, without TLS
    std::uint64_t connections_opened = 0;
    std::uint64_t connections_reused = 0;  ///< attempts on a connection that an earlier one had left
    std::uint64_t connections_failed = 0;  ///< attempts that got none
    /// The line in front of the client, which other clients may share: `waited` has the time by reason.
    coordinator_status gate;
};

}  // namespace stagger
