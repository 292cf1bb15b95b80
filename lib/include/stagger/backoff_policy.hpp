#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "stagger/random.hpp"
#include "stagger/retry_state.hpp"
#include "stagger/time.hpp"

namespace stagger {

/** @brief *How long* one task waits by itself before its next attempt.
 *
 * The formulas that retry libraries use, each with its source. They know nothing of other tasks; with a
 * coordinator they only space out the retries of accidents (broken connections, 5xx). n counts the attempts
 * that failed, from 1. Waits that a duration cannot hold saturate, so `duration::max()` is "no maximum".
 *
 * @par Errors
 * The factories throw std::invalid_argument, naming the parameter and its value, for a negative duration and
 * for a base that is not above zero.
 * @par Thread safety
 * Distinct objects: safe. Shared objects: `next` is const and safe with distinct generators, if the function
 * of a `computed` wait is.
 */
class backoff_policy {
 public:
    using wait_function = std::function<duration(const retry_state&)>;

    /// No wait.
    static backoff_policy none();
    /// Always `wait`.
    static backoff_policy constant(duration wait);
    /// tenacity's wait_random: U(min, max).
    static backoff_policy uniform(duration min, duration max);
    /// tenacity's wait_incrementing: min(max, start + increment * (n-1)).
    static backoff_policy incrementing(duration start, duration increment, duration max);
    /// tenacity's wait_exponential, backoff's expo: max(min, min(max, multiplier * base^(n-1))), without
    /// jitter.
    static backoff_policy exponential(duration multiplier, duration max = duration::max(),
                                      duration min = duration::zero(), double base = 2);
    /// backoff's fibo: min(max, the n-th of 1, 1, 2, 3, 5, 8, … seconds).
    static backoff_policy fibonacci(duration max = duration::max());
    /// tenacity's wait_random_exponential: U(min, max(min, min(multiplier * base^(n-1), max))).
    static backoff_policy random_exponential(duration multiplier, duration max, duration min,
                                             double base = 2);
    /// tenacity's wait_exponential_jitter: min(max, initial * base^(n-1) + U(0, jitter)).
    static backoff_policy exponential_jitter(duration initial, duration max, duration jitter,
                                             double base = 2);
    /// backoff's expo with its full_jitter, which on_exception has by default: U(0, min(max, factor *
    /// base^(n-1))).
    static backoff_policy expo_full_jitter(duration factor, duration max = duration::max(), double base = 2);
    /// AWS "full jitter": U(0, min(cap, base * 2^(n-1))).
    static backoff_policy full_jitter(duration base, duration cap);
    /// AWS "equal jitter": e/2 + U(0, e/2) with e = min(cap, base * 2^(n-1)).
    static backoff_policy equal_jitter(duration base, duration cap);
    /// AWS "decorrelated jitter": min(cap, U(base, 3 * previous wait)).
    static backoff_policy decorrelated(duration base, duration cap);
    /// openai-python: min(0.5 s * 2^(n-1), 8 s) * (1 - 0.25 * U(0, 1)).
    static backoff_policy openai();

    /// What `wait` says of the call so far: a wait that the result or the error names (backoff's runtime,
    /// tenacity's wait_exception), or any formula. Less than zero counts as zero.
    /// @throws std::invalid_argument if empty
    static backoff_policy computed(wait_function wait);
    /// The wait that `wait(const T&)` reads from a result; none after anything that is no `T`.
    template <class T, class Function>
    static backoff_policy from_result(Function wait) {
        return computed([wait = std::move(wait)](const retry_state& state) {
            const T* result = state.outcome ? state.outcome->value<T>() : nullptr;
            return result ? duration(wait(*result)) : duration::zero();
        });
    }
    /// What the server asked for, as `classify` found it; else what `otherwise` says.
    static backoff_policy retry_after_or(backoff_policy otherwise);

    /// After what `classify` called throttled as `refused` says, after anything else as `otherwise` does: the
    /// AWS SDKs begin with a second and with a twentieth of one.
    static backoff_policy when_throttled(backoff_policy refused, backoff_policy otherwise);

    /// tenacity's wait_chain: the n-th wait is the n-th step's, the last one's from then on.
    /// @throws std::invalid_argument without steps
    static backoff_policy chain(std::vector<backoff_policy> steps);
    /// tenacity's sum of waits. backoff's random_jitter of any wait is `wait + uniform(0s, 1s)`.
    friend backoff_policy operator+(backoff_policy first, backoff_policy second);
    /// backoff's full_jitter of any wait: U(0, wait).
    backoff_policy fully_jittered() const;
    /// This wait, but `least` where it is shorter.
    backoff_policy at_least(duration least) const;
    /// This wait, but `most` where it is longer.
    backoff_policy at_most(duration most) const;
    /// This wait, but no longer than until `limit` after the call began: the last attempt begins then, as
    /// with backoff's max_time.
    backoff_policy until(duration limit) const;

    /** @brief The wait before the next attempt.
     * @param state attempts made and failed in `attempts`, the wait returned before in `last_wait`
     * @param random drawn from at most once, or once by each part of a composition
     */
    duration next(const retry_state& state, random_source& random) const;
    /// The same for policies that look at nothing else: not `computed`, `retry_after_or`, `when_throttled` or
    /// `until`.
    /// @param failed_attempts attempts made and failed, from 1
    /// @param previous the wait returned before, zero at first
    duration next(unsigned failed_attempts, duration previous, random_source& random) const;

 private:
    enum class formula {
        constant,
        uniform,
        incrementing,
        exponential,
        fibonacci,
        uniform_above_minimum,
        exponential_jitter,
        full,
        equal,
        decorrelated,
        openai,
        chain,
        sum,
        jittered_part,
        floored_part,
        capped_part,
        part_until,
        computed,
        retry_after,
        by_verdict,
    };

    backoff_policy(formula kind, duration base, duration cap, duration min, double growth = 2);
    backoff_policy(formula kind, std::vector<backoff_policy> parts);
    backoff_policy(formula kind, const backoff_policy& part, duration bound);

    duration next_of_parts(const retry_state& state, random_source& random) const;

    formula kind_;
    duration base_;
    duration cap_;
    duration min_;  ///< or the third parameter of the formula
    double growth_;
    std::vector<backoff_policy> parts_;
    wait_function wait_;
};

}  // namespace stagger
