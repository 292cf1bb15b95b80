#pragma once

#include <algorithm>
#include <limits>

#include "core/pacer.hpp"
#include "stagger/coordinator.hpp"

namespace stagger {

/** @brief The limits the user was told: requests and tokens per minute.
 *
 * Each is a pacer of its own; the slower one governs. They are kept, not tested: the measured pace may be
 * lower, never higher. But a limit per minute is no metronome: `lead` worth of requests may go ahead of
 * schedule, a little faster than the limit, which makes up for a start from nothing.
 */
class budget {
 public:
    /// A bucket that holds less than this is rare, and one that holds less loses a request or two, once.
    static constexpr seconds lead{0.3};

    budget(const coordinator_options& options, random_source random)
        : requests_per_s_(options.requests_per_minute() / 60),
          tokens_per_s_(options.tokens_per_minute() / 60),
          requests_(random) {}

    bool limits_requests() const { return requests_per_s_ > 0; }
    double requests_per_s() const {
        return limits_requests() ? requests_per_s_ : std::numeric_limits<double>::infinity();
    }

    /// The pace while the lead is gained.
    double fastest_per_s() const { return 1.05 * requests_per_s(); }

    /// Nobody goes before.
    time_point next_slot() const {
        return after(std::max(requests_.next_slot(), tokens_.next_slot()), -lead);
    }
    void sent(time_point now, const cost& what) {
        if (requests_per_s_ > 0) requests_.sent(now, what.requests, requests_per_s_);
        if (tokens_per_s_ > 0) tokens_.sent(now, what.tokens, tokens_per_s_);
    }

 private:
    static constexpr double no_jitter = 0;

    double requests_per_s_;
    double tokens_per_s_;
    pacer requests_;
    pacer tokens_{random_source(0), no_jitter};
};

}  // namespace stagger
