#include "sim/policy.hpp"

#include "coordinator/send_policy.hpp"

namespace stagger::sim {

std::optional<policy> find_policy(std::string_view name) {
    const auto known = find_send_policy(name);
    if (!known) return std::nullopt;
    policy found;
    found.name = known->name;
    found.coordination.pacing(known->pacing);
    if (known->backoff) found.backoff = *known->backoff;
    found.backs_off_when_throttled = known->backoff.has_value();
    found.obeys_retry_after = known->obeys_retry_after;
    found.max_attempts = known->max_attempts;
    found.allowance = retry_allowance(*known);
    return found;
}

}  // namespace stagger::sim
