#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stagger/backoff_policy.hpp"
#include "stagger/coordinator.hpp"

namespace app {

/// What `--policy NAME` stands for.
struct policy {
    std::string name;
    stagger::pacing_kind pacing = stagger::pacing_kind::ride_the_limit;
    /// A task's own wait; absent: the library's default, for accidents only.
    std::optional<stagger::backoff_policy> backoff = std::nullopt;
    unsigned max_attempts = 0;  ///< 0: until the deadline
    bool obeys_retry_after = true;
};

/// @throws failure (wrong_usage) for a name that is unknown, or known but not built in
policy find_policy(const std::string& name);

/// All names, for the help text.
std::string policy_names();

}  // namespace app
