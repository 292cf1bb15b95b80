#include "coordinator/retry_allowance.hpp"

#include "stagger/stop_condition.hpp"

namespace stagger {

void keep_to_allowance(retry_policy& policy, const send_policy& of) {
    if (!of.longest_retry_after && !of.has_retry_quota) return;
    const auto allowance = std::make_shared<retry_allowance>(of);
    policy.stop(stop_if([allowance](const retry_state& state) { return !allowance->allows(state.judged); }));
    policy.on_success(
        [allowance](const retry_state& state) { allowance->succeeded(state.judged_before.verdict); });
}

}  // namespace stagger
