#pragma once

#include "retry/own_failures.hpp"
#include "stagger/backoff_policy.hpp"
#include "stagger/random.hpp"
#include "stagger/retry_policy.hpp"
#include "stagger/time.hpp"

namespace stagger::detail {

/// What a client's options say of the life of a request. They are told what each means there.
struct request_rules {
    duration deadline{0};  ///< zero: none
    duration attempt_timeout{0};
    const retry_policy& retry;
    const backoff_policy& backoff;
    bool obey_retry_after = true;
    bool backoff_after_rejection = false;
    failure_bounds give_up;
    duration retry_after_cap{0};  ///< of the gate
};

/// What the requests of one client have in common.
struct request_context {
    request_rules rules;
    outcomes_by_kind outcomes;
    random_source random;
    bool has_several_routes = false;  ///< else there is nothing to choose
};

}  // namespace stagger::detail
