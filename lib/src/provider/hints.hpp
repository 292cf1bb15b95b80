#pragma once

#include <optional>

#include "provider/description.hpp"

namespace stagger::provider {

/// A span as a Retry-After of this kind tells it: upwards, since whoever comes back at a time that was
/// rounded down is refused again.
duration rounded(duration wait, retry_after_hint kind);

/// What a refusal's Retry-After says where the truth is `wait`; nothing if that is unknown or not to be told.
std::optional<duration> retry_after(const hints_description& hints, std::optional<duration> wait);

}  // namespace stagger::provider
