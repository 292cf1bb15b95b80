#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coordinator/retry_allowance.hpp"
#include "stagger/backoff_policy.hpp"
#include "stagger/coordinator.hpp"

/// Virtual-time simulation: a scenario's clients, each with its own coordinator, against the provider model.
namespace stagger::sim {

/// How the clients of a simulation decide when to send.
struct policy {
    std::string name = "coordinated";
    /// `max_in_flight`, RPM and TPM are the scenario's to say.
    coordinator_options coordination = {};
    /// A task's own wait after an accident, and after a rejection where `backs_off_when_throttled`.
    backoff_policy backoff =
        backoff_policy::full_jitter(std::chrono::milliseconds(500), std::chrono::seconds(8));
    bool backs_off_when_throttled = false;
    bool obeys_retry_after = true;
    /// 0: until it succeeds.
    unsigned max_attempts = 0;
    /// What each client begins with.
    retry_allowance allowance{send_policy()};
};

/// What a client with `--policy NAME` does (coordinator/send_policy.hpp), or none. A wait of the task's own,
/// where the policy has none, is the default above.
std::optional<policy> find_policy(std::string_view name);

}  // namespace stagger::sim
