#pragma once

#include "dialect/dialect.hpp"
#include "routing/route_health.hpp"
#include "stagger/attempt_result.hpp"
#include "stagger/retry_policy.hpp"

namespace stagger::detail {

/// What a policy is shown of an attempt that has ended. Refers to `ended`.
attempt_result result_of(const wire::decoded_answer& ended);

/** @brief Lets a policy's own `classify` have the last word on what an ending means.
 *
 * What it says stands in `ended.what` afterwards: the gate is told by it, and it decides whether the attempt
 * is repeated. `ended.tells_limit` follows: it stays where the policy agrees with the dialect; what it calls
 * throttled was refused by a limit, what it calls transient tells nothing of one, and neither does a refusal
 * that it calls final. Without a `classify` of its own nothing changes.
 */
void judge(wire::decoded_answer& ended, const retry_policy& policy);

/// What an attempt tells of the route that it took, after `judge`.
routing::route_outcome outcome_for_route(const wire::decoded_answer& ended);

}  // namespace stagger::detail
