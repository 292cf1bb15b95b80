#pragma once

#include <memory>

#include "stagger/client.hpp"

namespace stagger::detail {

/// For what belongs to the library and drives a client by more than its public members.
struct client_access {
    /// @throws std::logic_error if it was moved from, or its execution context has ended
    static const std::shared_ptr<client_state>& state_of(const client& target) {
        return client::state_of(target.handle_);
    }
    /// As client::async_complete, but with no deadline unless one was asked for.
    static void complete_one_of_many(const client& target, const completion_request& request,
                                     client::any_complete_handler handler);
};

}  // namespace stagger::detail
