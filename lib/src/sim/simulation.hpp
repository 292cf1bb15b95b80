#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "provider/description.hpp"
#include "sim/policy.hpp"
#include "stagger/time.hpp"

namespace stagger::sim {

/// What a run is judged by; docs/scenarios.md defines each.
struct measures {
    double efficiency = 0;
    double waste_per_100 = 0;
    std::uint64_t lost = 0;
    std::uint64_t peak_10ms = 0;
    std::uint64_t peak_1s = 0;
    double p99_retry_wait_s = 0;
    double jain = 1;
    double makespan_s = 0;
    double aggregate_goodput_per_s = 0;
    std::uint64_t lockouts = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t rejected = 0;
    std::uint64_t refused_by_chance = 0;  ///< of those rejected: drawn, regardless of load
    std::uint64_t failed = 0;             ///< attempts that ended by an accident
    std::uint64_t unanswerable = 0;       ///< requests that the server never answers: none of them is lost

    friend bool operator==(const measures&, const measures&) = default;
};

/// Sees every step of a run; for tests and traces. `request` counts a client's requests from 0.
class observer {
 public:
    virtual ~observer() = default;
    virtual void sent(time_point, std::size_t /*client*/, std::uint64_t /*request*/) {}
    /// @param status what the server answers; 0: nothing yet, the request waits in the server's queue
    virtual void arrived(time_point, std::size_t /*client*/, std::uint64_t /*request*/, unsigned /*status*/) {
    }
    /// The server takes a request out of its queue, or refuses it there.
    virtual void left_queue(time_point, std::size_t /*client*/, std::uint64_t /*request*/,
                            unsigned /*status*/) {}
    /// @param not_before what the rejection's own Retry-After and the task's own wait allow
    virtual void came_back(time_point, std::size_t /*client*/, std::uint64_t /*request*/,
                           time_point /*not_before*/) {}
    virtual void ended(time_point, std::size_t /*client*/, std::uint64_t /*request*/, bool /*succeeded*/) {}
    /// After everything that happens at one instant to one client.
    virtual void settled(time_point, std::size_t /*client*/, const coordinator&) {}
    /// Asked once for each client, before the run: who is to be told its coordinator's decisions; none: null.
    virtual std::shared_ptr<decision_recorder> recorder(std::size_t /*client*/) { return nullptr; }
};

inline constexpr std::uint64_t most_arrivals_per_request = 1000;

/** @brief Runs a scenario's clients against its provider in virtual time.
 *
 * Every client drives its coordinator as the gate in net/ does: one timer, `next` after every event. Requests
 * are handed over as the line empties and announced by `expect`, so memory does not grow with their number.
 *
 * A run ends when every request has, or once more than `most_arrivals_per_request` times as many attempts as
 * requests have arrived, or where no client will do anything more: some policies keep a lockout closed for
 * ever, some wait for ever. What is unfinished then is lost. Nor does a run wait for what the server never
 * answers: it ends with the last request that it would.
 *
 * @param seed of the run; the scenario's own seed is not looked at
 */
measures run(const provider::scenario& scenario, const policy& by, std::uint64_t seed,
             observer* watching = nullptr);

}  // namespace stagger::sim
