#include "retry/own_failures.hpp"

#include <algorithm>
#include <cstddef>

namespace stagger {

namespace {

// A client whose prompts name more models than this makes names up.
constexpr std::size_t most_kinds = 256;
// Of a short list any share may be such prompts. An outage troubles more as soon as more are there.
constexpr std::uint32_t few = 8;

}  // namespace

std::uint32_t answered_since(const failure_history& history, const prompt_outcomes& now) {
    return now.answered - history.before.answered;
}

bool are_own_failures(const failure_history& history, const prompt_outcomes& now, time_point at,
                      const failure_bounds& bounds) {
    if (bounds.tries == 0 || history.failures < bounds.tries) return false;
    if (at - history.first_sent < bounds.over) return false;
    const std::uint32_t answered = answered_since(history, now);
    const std::uint32_t troubled = now.troubled - history.before.troubled;  // itself among them
    return answered > 0 && troubled <= std::max(answered, few);
}

prompt_outcomes& outcomes_by_kind::look_up(std::uint64_t alike) {
    const auto found = kinds_.find(alike);
    latest_ = alike;
    if (found != kinds_.end()) {
        of_latest_ = &found->second;
    } else {
        of_latest_ = kinds_.size() < most_kinds ? &kinds_[alike] : &rest_;
    }
    return *of_latest_;
}

}  // namespace stagger
