#pragma once

#include <algorithm>
#include <limits>

#include "core/pacer.hpp"
#include "stagger/coordinator.hpp"

namespace stagger {

/** @brief The limits the user was told: requests and tokens per minute.
 *
 * Each is a pacer of its own without jitter; the slower one governs. They are kept, not tested: the measured
 * pace may be lower, never higher.
 */
class budget {
 public:
    explicit budget(const coordinator_options& options)
        : requests_per_s_(options.requests_per_minute() / 60),
          tokens_per_s_(options.tokens_per_minute() / 60) {}

    bool limits_requests() const { return requests_per_s_ > 0; }
    double requests_per_s() const {
        return limits_requests() ? requests_per_s_ : std::numeric_limits<double>::infinity();
    }

    /// Nobody goes before.
    time_point next_slot() const { return std::max(requests_.next_slot(), tokens_.next_slot()); }
    void sent(time_point now, const cost& what) {
        if (requests_per_s_ > 0) requests_.sent(now, what.requests, requests_per_s_);
        if (tokens_per_s_ > 0) tokens_.sent(now, what.tokens, tokens_per_s_);
    }

 private:
    static constexpr double no_jitter = 0;

    double requests_per_s_;
    double tokens_per_s_;
    pacer requests_{random_source(0), no_jitter};
    pacer tokens_{random_source(0), no_jitter};
};

}  // namespace stagger
