#pragma once

#include <optional>

#include "provider/description.hpp"
#include "stagger/remembered_limits.hpp"

namespace stagger::sim {

/// What an earlier run of this client would have learned: the limit, of those that the provider has at the
/// beginning, that allows the least requests per second, and its lockout; nothing without any.
std::optional<remembered_limits> what_was_learned(const provider::provider_description& provider,
                                                  const provider::client_description& client);

}  // namespace stagger::sim
