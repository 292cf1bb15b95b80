#pragma once

#include <cstddef>
#include <cstdint>

/// What the parts cost that are run for every request. All in real time, on one thread.
namespace costs {

/// Nanoseconds to admit one of `tasks` waiting tasks and report its outcome: every hundredth is rejected and
/// comes back to the line.
double decision_ns(std::size_t tasks);

/// Nanoseconds to arm one `steady_timer` and run its handler, with as many timers armed at once: what a task
/// that sleeps by itself costs.
double timer_ns(std::size_t tasks);

/// Coordinated requests a second in the simulator, in front of a token bucket.
double simulated_per_s(std::uint64_t requests);

/// Nanoseconds in which a `retry_session` judges a failed attempt and says when to try again.
double retry_ns(std::size_t attempts);

/// Nanoseconds to encode a request and to decode its answer, and to parse that answer with Boost.JSON alone.
double codec_ns(std::size_t requests);
double json_parse_ns(std::size_t answers);

/// Nanoseconds for one event of a stream, and to find the line ends in the same bytes.
double event_ns(std::size_t events);
double line_search_ns(std::size_t events);

/// Nanoseconds to lease an idle connection, which has to be silent, and to give it back; and to ask the
/// kernel once whether a socket is silent.
double lease_ns(std::size_t leases);
double peek_ns(std::size_t peeks);

}  // namespace costs
