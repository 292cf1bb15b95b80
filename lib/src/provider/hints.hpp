#pragma once

#include <optional>

#include "provider/description.hpp"

namespace stagger::provider {

/// What a refusal's Retry-After says where the truth is `wait`; nothing if that is unknown or not to be told.
std::optional<duration> retry_after(const hints_description& hints, std::optional<duration> wait);

}  // namespace stagger::provider
