#pragma once

#include <functional>
#include <stop_token>

#include "stagger/retry_state.hpp"

namespace stagger {

/** @brief *When to stop* trying again: a value that is asked after every attempt that is to be repeated.
 *
 * `a | b` stops when one of them does, `a & b` when both do; the right side is asked only if the left one
 * does not decide.
 *
 *     stop_after_attempts(6) | stop_after_delay(std::chrono::minutes(2))
 *
 * @par Thread safety
 * Distinct objects: safe. Shared objects: safe when the functions they were made from are.
 */
class stop_condition {
 public:
    using predicate = std::function<bool(const retry_state&)>;

    /// Any rule of your own. @throws std::invalid_argument if empty
    explicit stop_condition(predicate rule);

    bool operator()(const retry_state& state) const { return rule_(state); }

    friend stop_condition operator|(stop_condition first, stop_condition second);
    friend stop_condition operator&(stop_condition first, stop_condition second);

 private:
    predicate rule_;
};

/// Never: the call ends by success, by an error that is not repeated, or by cancellation.
stop_condition stop_never();
/// After `count` attempts in all, the first included. @throws std::invalid_argument for 0
stop_condition stop_after_attempts(unsigned count);
/// Once `limit` has passed since the call began, measured when an attempt has ended.
/// @throws std::invalid_argument if negative
stop_condition stop_after_delay(duration limit);
/// When the next attempt would begin `limit` after the call began, or later: nobody waits for an attempt that
/// comes too late. @throws std::invalid_argument if negative
stop_condition stop_before_delay(duration limit);
/// When `event` was requested to stop. Looked at between attempts; cancellation also ends the one that runs.
stop_condition stop_when(std::stop_token event);
/// When `rule` says so. @throws std::invalid_argument if empty
stop_condition stop_if(stop_condition::predicate rule);

}  // namespace stagger
