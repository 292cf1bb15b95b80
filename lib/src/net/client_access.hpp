#pragma once

#include <memory>

#include "stagger/client.hpp"

namespace stagger::detail {

/// For what belongs to the library and drives a client by more than its public members.
struct client_access {
    static const std::shared_ptr<client_state>& state_of(const client& target) { return target.state_; }
};

}  // namespace stagger::detail
