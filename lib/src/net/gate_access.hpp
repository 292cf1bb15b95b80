#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "net/line_guest.hpp"
#include "stagger/gate.hpp"

namespace stagger::detail {

/// What a member of a fleet says.
struct fleet_words {
    std::string text;              ///< to the leader; empty: nothing
    time_point speaks_at = never;  ///< when to ask again, unless it is told to be sooner
    fleet_state state;
};

/// A gate's line for a client, which need not be called back where leave is given at once, and waits without
/// a handler.
class gate_access {
 public:
    /// What joining the line came to: an end, or a place in it.
    using joined = gate::joined;

    /// @param who is told when the wait is over, if it comes to one
    static joined join(const gate& target, const admission& what, std::shared_ptr<line_guest> who) {
        return target.join(what, std::move(who));
    }
    /// The leave that whoever has this executor was given already, for an attempt of which this is part; else
    /// empty.
    static permit lent_to(const gate& target, const boost::asio::any_completion_executor& of_handler) {
        return target.lent_to(of_handler);
    }
    /// Gives up a place in line: whoever has it is told errc::cancelled, if nothing else before.
    static void leave(const gate& target, task_id task) { target.leave(task); }

    /// Another number than before where what a gate says of itself may have changed by more than that
    /// somebody came, left or was admitted. From any thread. It lives as long as the gate.
    static const std::atomic<std::uint32_t>& news(const gate& target);
    /// Whether they are handles of the same gate.
    static bool are_one(const gate& a, const gate& b) { return a.state_ == b.state_; }

    // For what carries the words of a fleet, from any thread.
    using weak_gate = std::weak_ptr<gate::state>;
    using shared_gate = std::shared_ptr<gate::state>;
    static weak_gate weak(const gate& target) { return target.state_; }
    /// `told` is called, by whoever uses the gate, with a time by which `fleet_say` is to be called. Before
    /// anybody waits.
    static void on_fleet_speaks(const gate& target, std::function<void(time_point)> told);
    /// The gate lets go of it when it is closed or its context ends.
    static void keep_fleet(const gate& target, std::shared_ptr<void> link);
    /// @throws std::invalid_argument as coordinator::fleet_hear does
    static void fleet_hear(const shared_gate& target, const std::string& message);
    static fleet_words fleet_say(const shared_gate& target);
};

}  // namespace stagger::detail
