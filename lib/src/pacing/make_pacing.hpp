#pragma once

#include <cstdint>
#include <memory>

#include "pacing/pacing.hpp"

namespace stagger {

/// How old `coordinator_options::remembered` is.
enum class memory_age {
    unknown,         ///< of an earlier run: the limit may have moved by far meanwhile
    of_this_moment,  ///< of somebody who has just stopped: tested like a limit that was measured here
};

/// The strategy that the options name.
/// @throws std::invalid_argument for a fixed rate without `requests_per_minute`
std::unique_ptr<pacing> make_pacing(const coordinator_options& options, std::uint64_t seed,
                                    memory_age age = memory_age::unknown);

}  // namespace stagger
