#pragma once

#include <cstdint>

#include "probe/probe_plan.hpp"
#include "provider/description.hpp"

/// A probe of the provider model, from its first request to its last answer, without a clock.
stagger::probe::probe_plan probe_in_virtual_time(const stagger::provider::provider_description& provider,
                                                 const stagger::probe::probe_bounds& bounds,
                                                 std::uint64_t seed);
