#pragma once

#include <cstdint>

#include "stagger/time.hpp"

namespace stagger {

/** @brief Tasks with the same number are alike: what the server does with one tells about the others.
 *
 * A client's requests are alike where they have one model and one key. Numbers below
 * `task_kinds_told_apart` are told apart; from there on all count as one kind.
 */
enum class task_kind : std::uint32_t {};
inline constexpr std::uint32_t task_kinds_told_apart = 64;

/// Attempts, by what the server did with them so far.
struct attempt_counts {
    std::uint64_t admitted = 0;
    std::uint64_t refused = 0;
    std::uint64_t under_way = 0;  ///< not known yet

    std::uint64_t sent() const { return admitted + refused + under_way; }
    friend bool operator==(const attempt_counts&, const attempt_counts&) = default;
};

/// What speaks for or against chance where the same is refused again and again while others are admitted.
struct refusal_evidence {
    attempt_counts before;   ///< of those others, at the first refusal
    attempt_counts latest;   ///< at the last one
    attempt_counts weighed;  ///< at the last one that was compared with what came after it
    std::uint32_t alone =
        0;                ///< refusals since each of which others were sent and admitted, and none refused
    double log_rest = 0;  ///< of the others: natural logarithm of the probability that they were chance
    bool singled_out = false;  ///< others were sent before the last one's attempt, and none refused so far
    friend bool operator==(const refusal_evidence&, const refusal_evidence&) = default;
};

/** @brief What is known of one task's refusals. Whoever drives a coordinator keeps it between the attempts.
 *
 * `coordinator::throttled` brings it up to date, `coordinator::resubmit` reads it. Of a task that has not
 * been refused it is as constructed.
 */
struct refusal_history {
    std::uint32_t refusals = 0;  ///< so far
    time_point since{};          ///< the first of them
    refusal_evidence evidence;   ///< compared with alike tasks
    /// Decided: not a limit, but the request itself is what the server refuses. It is to end with
    /// errc::prompt_refused.
    bool own = false;
    friend bool operator==(const refusal_history&, const refusal_history&) = default;
};

}  // namespace stagger
