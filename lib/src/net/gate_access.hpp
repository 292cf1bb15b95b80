#pragma once

#include <memory>
#include <utility>

#include "net/line_guest.hpp"
#include "stagger/gate.hpp"

namespace stagger::detail {

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
};

}  // namespace stagger::detail
