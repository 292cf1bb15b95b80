#pragma once

#include <vector>

#include "stagger/random.hpp"
#include "stagger/time.hpp"

namespace stagger {

/** @brief *How long* one task waits by itself before its next attempt.
 *
 * The formulas that retry libraries use, each with its source. They know nothing of other tasks; with a
 * coordinator they only space out the retries of accidents (broken connections, 5xx). n counts the attempts
 * that failed, from 1. Waits that a duration cannot hold saturate.
 *
 * @par Errors
 * The factories throw std::invalid_argument, naming the parameter and its value, for a negative duration.
 * @par Thread safety
 * Distinct objects: safe. Shared objects: `next` is const and safe with distinct generators.
 */
class backoff_policy {
 public:
    /// No wait.
    static backoff_policy none();
    /// Always `wait`.
    static backoff_policy constant(duration wait);
    /// tenacity's wait_random: U(min, max).
    static backoff_policy uniform(duration min, duration max);
    /// tenacity's wait_incrementing: min(max, start + increment * (n-1)).
    static backoff_policy incrementing(duration start, duration increment, duration max);
    /// tenacity's wait_exponential, backoff's expo: max(min, min(max, multiplier * 2^(n-1))), without jitter.
    static backoff_policy exponential(duration multiplier, duration max, duration min = duration::zero());
    /// backoff's fibo: min(max, the n-th of 1, 1, 2, 3, 5, 8, … seconds).
    static backoff_policy fibonacci(duration max);
    /// tenacity's wait_random_exponential: U(min, max(min, min(multiplier * 2^(n-1), max))).
    static backoff_policy random_exponential(duration multiplier, duration max, duration min);
    /// tenacity's wait_exponential_jitter: min(max, initial * 2^(n-1) + U(0, jitter)).
    static backoff_policy exponential_jitter(duration initial, duration max, duration jitter);
    /// backoff's expo(base 2, factor, max) with its full_jitter: U(0, min(max, factor * 2^(n-1))).
    static backoff_policy expo_full_jitter(duration factor, duration max);
    /// AWS "full jitter": U(0, min(cap, base * 2^(n-1))).
    static backoff_policy full_jitter(duration base, duration cap);
    /// AWS "equal jitter": e/2 + U(0, e/2) with e = min(cap, base * 2^(n-1)).
    static backoff_policy equal_jitter(duration base, duration cap);
    /// AWS "decorrelated jitter": min(cap, U(base, 3 * previous wait)).
    static backoff_policy decorrelated(duration base, duration cap);
    /// openai-python: min(0.5 s * 2^(n-1), 8 s) * (1 - 0.25 * U(0, 1)).
    static backoff_policy openai();

    /// tenacity's wait_chain: the n-th wait is the n-th step's, the last one's from then on.
    /// @throws std::invalid_argument without steps
    static backoff_policy chain(std::vector<backoff_policy> steps);
    /// tenacity's sum of waits. backoff's random_jitter of any wait is `wait + uniform(0s, 1s)`.
    friend backoff_policy operator+(backoff_policy first, backoff_policy second);
    /// backoff's full_jitter of any wait: U(0, wait).
    backoff_policy fully_jittered() const;

    /** @brief The wait before attempt `failed_attempts + 1`.
     * @param failed_attempts attempts made and failed, from 1
     * @param previous the wait returned before, zero at first
     * @param random drawn from at most once, or once by each part of a composition
     */
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
    };

    backoff_policy(formula kind, duration base, duration cap, duration min)
        : kind_(kind), base_(base), cap_(cap), min_(min) {}
    backoff_policy(formula kind, std::vector<backoff_policy> parts);

    duration next_of_parts(unsigned failed_attempts, duration previous, random_source& random) const;

    formula kind_;
    duration base_;
    duration cap_;
    duration min_;  ///< or the third parameter of the formula
    std::vector<backoff_policy> parts_;
};

}  // namespace stagger
