#pragma once

#include <boost/intrusive/list_hook.hpp>

#include "stagger/error.hpp"

namespace stagger::detail {

/// What a client has to end when it is closed, linked into its set of them: what is destroyed with its
/// context leaves the set by itself. Used on its strand.
class running_operation
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
    running_operation() = default;
    running_operation(const running_operation&) = delete;
    running_operation& operator=(const running_operation&) = delete;

    /// Ends it with `why`, wherever it is; it leaves the client's set later, not inside this call.
    virtual void stop(errc why) = 0;
    /// The client's context is being destroyed: lets go of whatever else may keep it, or need the context. It
    /// has left the set.
    virtual void context_ends() noexcept = 0;
    /// This is the child of a process that had it, too: its connection is the parent's.
    virtual void leave_to_parent() noexcept = 0;
    /// It may be held by the turnstile now: it is not to stand in the gate's line then.
    virtual void step_aside() {}
    /// Its turn has come, where it asked `next_turn` for one.
    virtual void take_turn() {}

 protected:
    ~running_operation() = default;
};

}  // namespace stagger::detail
