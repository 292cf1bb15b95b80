#pragma once

#include <cstdint>
#include <unordered_map>

#include "stagger/time.hpp"

namespace stagger {

/// What became of a client's prompts of one model and key.
struct prompt_outcomes {
    std::uint32_t answered = 0;
    std::uint32_t troubled = 0;  ///< prompts of which at least one attempt met an accident
};

/// A prompt's attempts that met accidents, and what had become of others when the first of them was sent.
struct failure_history {
    prompt_outcomes before;
    time_point first_sent{};
    unsigned failures = 0;
};

/// When a prompt is given up that fails again and again.
struct failure_bounds {
    unsigned tries = 0;  ///< accidents, at least; 0: never
    duration over{0};    ///< from the first of them being sent, at least
};

/** @brief Tells failures that are a prompt's own from those of a server that is down.
 *
 * Where a prompt breaks the server, others are answered meanwhile; where the server is down, others fail as
 * well. So it takes others that were answered since the prompt was first sent, and more of them than came
 * into trouble, or few of those. An outage that begins behind the first attempt has both: those that were
 * under way were answered before it, and about as many and ever more fail in it.
 *
 * @param now of prompts that are alike, this one included
 */
bool are_own_failures(const failure_history& history, const prompt_outcomes& now, time_point at,
                      const failure_bounds& bounds);

/// Other prompts that were answered since.
std::uint32_t answered_since(const failure_history& history, const prompt_outcomes& now);

/// The outcomes of each kind of prompt, by its number. Beyond some hundred kinds the rest counts as one.
class outcomes_by_kind {
 public:
    /// Stays where it is.
    prompt_outcomes& of(std::uint64_t alike) {
        return of_latest_ && latest_ == alike ? *of_latest_ : look_up(alike);
    }

 private:
    prompt_outcomes& look_up(std::uint64_t alike);

    std::unordered_map<std::uint64_t, prompt_outcomes> kinds_;
    prompt_outcomes rest_;
    std::uint64_t latest_ = 0;
    prompt_outcomes* of_latest_ = nullptr;  // most clients have one kind
};

}  // namespace stagger
