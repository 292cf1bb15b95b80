#pragma once

#include <cstdint>
#include <memory>

#include "net/fleet_names.hpp"
#include "stagger/fleet.hpp"
#include "stagger/gate.hpp"

namespace stagger::detail {

/** @brief What joins a gate to its fleet: carries messages between its coordinator and the store, and leads
 * where it is this process's turn.
 *
 * It has a thread and a context of its own, so that slots are planned in time whatever the program does, and
 * so that it keeps nobody's context running. It holds the gate weakly.
 */
class fleet_link {
 public:
    /// @param options validated
    /// @throws std::invalid_argument for a ca_file that cannot be used
    fleet_link(const gate& target, const std::string& member, fleet_subject subject,
               const fleet_options& options, std::uint64_t seed);
    fleet_link(const fleet_link&) = delete;
    fleet_link& operator=(const fleet_link&) = delete;
    /// Leaves the fleet, and waits for the thread.
    ~fleet_link();

 private:
    class worker;
    std::shared_ptr<worker> worker_;
};

}  // namespace stagger::detail
