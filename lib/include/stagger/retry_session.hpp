#pragma once

#include "stagger/attempt_result.hpp"
#include "stagger/backoff_policy.hpp"
#include "stagger/random.hpp"
#include "stagger/retry_policy.hpp"
#include "stagger/retry_state.hpp"
#include "stagger/time.hpp"

namespace stagger {

/** @brief The decisions of one retried call, without the waiting: for a loop of your own.
 *
 * `async_retry` and `client` are such loops. It runs the policy's hooks, writes its statistics, and keeps the
 * state that they see. It reads no clock: every time is passed in.
 *
 *     retry_session session(policy, backoff, now());
 *     for (;;) {
 *         session.attempt_begins(now());
 *         ...                                              // the attempt
 *         const auto next = session.attempt_ended(result, policy.classify(result), now(), {}, random);
 *         if (next.what != retry_session::next::attempt) break;
 *         ...                                              // wait until next.not_before
 *     }
 *
 * @par Object lifetimes
 * The policies must outlive the session.
 * @par Thread safety
 * Unsafe.
 */
class retry_session {
 public:
    /// What follows an attempt.
    enum class next {
        attempt,  ///< another attempt, not before `step::not_before`
        end,      ///< the ending stands: a success, or a failure that is not repeated
        stop,     ///< another attempt was wanted, but a limit says stop
        late,     ///< another attempt was wanted, but `pause::too_late`
    };
    /// The answer to an attempt that has ended.
    struct step {
        next what = next::end;
        time_point not_before{};
    };
    /// What is known of the next attempt beside the policies.
    struct pause {
        time_point earliest{};    ///< the server's Retry-After, or a gate, allows none before
        bool own_backoff = true;  ///< false: somebody else decides how long this task waits
        bool too_late = false;    ///< true: a deadline will have passed by then
        bool last = false;        ///< true: this ending stands, whatever the policy says
    };

    retry_session(const single_call_policy& policy, const backoff_policy& backoff, time_point now);

    /// Call when an attempt begins, after all waiting for it.
    void attempt_begins(time_point now);
    /// Call when it has ended. `result` must live until the next call, or as long as `state` is looked at.
    step attempt_ended(const attempt_result& result, const classification& judged, time_point now,
                       const pause& known, random_source& random);
    /// Call where the caller ended the call, at any time: no hook runs.
    void cancelled(time_point now);

    const retry_state& state() const { return state_; }

 private:
    step end(next what, bool succeeded);
    void record(bool ended, bool succeeded) const;

    const single_call_policy* policy_;
    const backoff_policy* backoff_;
    retry_state state_;
    time_point waiting_since_;
    bool in_attempt_ = false;
};

}  // namespace stagger
