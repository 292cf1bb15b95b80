#pragma once

#include <cstddef>

/// Many requests in flight at once, over as many connections of loopback.
namespace in_flight {

/// Descriptors that this process may have open, after raising the limit as far as it goes.
std::size_t most_descriptors();

struct outcome {
    std::size_t answered = 0;
    std::size_t most_at_once = 0;  ///< sent and not yet answered
    double resident_bytes = 0;     ///< of the client, for each request in flight
    double wall_s = 0;
};

/// Sends so many requests at once to a throttled server, a process of its own, that limits nothing and takes
/// its time. Several seconds, whatever the number.
outcome run(std::size_t requests);

}  // namespace in_flight
