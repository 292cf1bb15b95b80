#pragma once

#include "stagger/coordinator.hpp"
#include "stagger/time.hpp"

namespace stagger::probe {

/// One request of a probe and what became of it, as the caller saw it.
struct probe_answer {
    enum class outcome {
        pending,   ///< not answered yet
        left,      ///< the probe ended before a refusal could have come
        admitted,  ///< no limit refused it, whatever the answer holds
        refused,   ///< by a limit
        failed,    ///< by accident: says nothing about a limit
        unusable,  ///< for good: the endpoint, the key or the request is refused
    };

    time_point sent{};
    time_point ended = never;
    outcome what = outcome::pending;
    hints said;
};

}  // namespace stagger::probe
