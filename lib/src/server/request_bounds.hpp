#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "stagger/time.hpp"

namespace stagger::http_server {

/// What a server takes from its clients at most. A request beyond a size is refused with a status, one beyond
/// a time has its connection closed.
struct bounds {
    std::uint32_t head_bytes = 32U << 10U;  ///< request line and fields; beyond: 431
    std::uint64_t body_bytes = 64U << 20U;  ///< beyond: 413
    std::size_t connections = 20'000;       ///< further ones are closed at once

    duration idle_time = std::chrono::seconds(75);  ///< until the first byte of a request
    duration head_time = std::chrono::seconds(10);  ///< from the first byte to the end of the head
    /// A body has the head's time once more, and a second for each so many bytes that have come. 0: no bound.
    double body_bytes_per_s = 1024;
    duration whole_time = duration::max();  ///< from the wait for a request to its end; max: no bound
    duration answer_time = std::chrono::seconds(60);  ///< for a client to take one piece of an answer

    /// What the kernel holds of an answer that has not been sent; 0: as much as it likes. More of an answer
    /// waits in `write`.
    std::size_t unsent_bytes = 64U << 10U;
};

/// How far a request has come.
struct request_progress {
    time_point awaited;        ///< the wait for it began
    time_point begun = never;  ///< its first byte came
    time_point head_ended = never;
    std::uint64_t body_bytes = 0;  ///< that have come
};

/// Until when the next piece of a request has to be there.
time_point request_limit(const bounds& allowed, const request_progress& so_far);

}  // namespace stagger::http_server
