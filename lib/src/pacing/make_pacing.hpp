#pragma once

#include <cstdint>
#include <memory>

#include "pacing/pacing.hpp"

namespace stagger {

/// The strategy that the options name.
/// @throws std::invalid_argument for a fixed rate without `requests_per_minute`
std::unique_ptr<pacing> make_pacing(const coordinator_options& options, std::uint64_t seed);

}  // namespace stagger
