#pragma once

#include <cstddef>
#include <cstdint>

/// What one decision, one timer and one simulated request cost. All in real time, on one thread.
namespace costs {

/// Nanoseconds to admit one of `tasks` waiting tasks and report its outcome: every hundredth is rejected and
/// comes back to the line.
double decision_ns(std::size_t tasks);

/// Nanoseconds to arm one `steady_timer` and run its handler, with as many timers armed at once: what a task
/// that sleeps by itself costs.
double timer_ns(std::size_t tasks);

/// Coordinated requests a second in the simulator, in front of a token bucket.
double simulated_per_s(std::uint64_t requests);

}  // namespace costs
