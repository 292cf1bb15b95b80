#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "stagger/time.hpp"
#include "stagger/wait_reason.hpp"

namespace stagger {

/// What the coordinator believes about the server.
enum class coordinator_mode {
    ramp,    ///< no rejection yet: the pace doubles
    search,  ///< first measurements
    ride,    ///< at the measured limit
    closed,  ///< nothing is admitted: one probe at a time
};
std::string_view to_string(coordinator_mode mode);

/// A view for progress displays and logs.
struct coordinator_status {
    coordinator_mode mode = coordinator_mode::ramp;
    double pace_per_s = 0;                    ///< the rate at which attempts are admitted now
    std::optional<double> measured_per_s;     ///< the limit, once measured
    std::optional<unsigned> measured_window;  ///< a limit on concurrency, once learned
    std::size_t waiting = 0;
    std::size_t delayed = 0;  ///< of those that wait: that sit out a wait of their own
    std::size_t in_flight = 0;
    wait_reason why = wait_reason::none;  ///< of the last `next`
    waiting_sums waited;                  ///< of all tasks so far, those that still wait included
    std::uint64_t admitted = 0;
    std::uint64_t accepted = 0;
    std::uint64_t throttled = 0;
    std::uint64_t failed = 0;
    std::uint64_t abandoned = 0;
    std::size_t kind_refused = 0;  ///< of those that wait: their model or key is refused as a whole
    std::uint64_t hints_cut = 0;   ///< Retry-Afters longer than coordinator_options::retry_after_cap
    /// The server has said that it admits nothing before (Retry-After, or its headers' reset), and that has
    /// not proved wrong. With `ride_the_limit` one attempt at most goes before it.
    std::optional<time_point> opens_at;
    /// Nothing is sent before: nothing is in flight, and all that waits sits out a wait of its own.
    std::optional<time_point> all_wait_until;
};

}  // namespace stagger
