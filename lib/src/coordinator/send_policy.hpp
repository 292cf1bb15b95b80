#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "stagger/backoff_policy.hpp"
#include "stagger/coordinator_options.hpp"

namespace stagger {

/** @brief What a policy's name stands for: who decides when to send, and what a task does by itself.
 *
 * One table for the command line and the simulator, so that a name means the same in both.
 */
struct send_policy {
    std::string_view name;
    pacing_kind pacing = pacing_kind::ride_the_limit;
    /// A task's own wait after rejections and accidents alike. Absent: none after a rejection, and the
    /// caller's usual one after an accident.
    std::optional<backoff_policy> backoff = std::nullopt;
    unsigned max_attempts = 0;      ///< in all; 0: until the deadline
    bool obeys_retry_after = true;  ///< where a refusal carries one, it replaces the task's own wait
    std::optional<duration> longest_retry_after = std::nullopt;  ///< a longer one ends the task
    bool has_retry_quota = false;  ///< further attempts draw on `aws_retry_quota`
};

/// The policy of that name, or none.
std::optional<send_policy> find_send_policy(std::string_view name);

/// Every name that `find_send_policy` knows, `coordinated` first.
std::vector<std::string_view> send_policy_names();

}  // namespace stagger
