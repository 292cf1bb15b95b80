#pragma once

#include <algorithm>
#include <limits>

#include "pacing/pacer.hpp"
#include "pacing/token_pace.hpp"
#include "stagger/coordinator_options.hpp"
#include "stagger/hints.hpp"

namespace stagger {

/// The rates that the user told, kept evenly; the slower one governs. One that was not told does not.
class even_pace {
 public:
    /// @param requests spaces the requests out, with a jitter of its own
    explicit even_pace(const coordinator_options& options,
                       const pacer& requests = pacer(random_source(0), no_jitter))
        : requests_per_s_(options.requests_per_minute() / 60),
          tokens_per_s_(options.tokens_per_minute() / 60),
          requests_(requests),
          tokens_(tokens_per_s_) {}

    bool limits_requests() const { return requests_per_s_ > 0; }
    double requests_per_s() const {
        return limits_requests() ? requests_per_s_ : std::numeric_limits<double>::infinity();
    }

    time_point next_slot() const { return std::max(requests_.next_slot(), tokens_.next_slot()); }
    void sent(time_point now, const cost& what) {
        if (limits_requests()) requests_.sent(now, what.requests, seconds(1 / requests_per_s_));
        if (tokens_per_s_ > 0) tokens_.reserve(now, what.tokens);
    }
    /// @param more tokens than were reserved for an attempt when it was sent; negative: fewer
    void settled(time_point now, double more) {
        if (tokens_per_s_ > 0) tokens_.settle(now, more);
    }

 private:
    static constexpr double no_jitter = 0;

    double requests_per_s_;
    double tokens_per_s_;
    pacer requests_;
    token_pace tokens_;
};

}  // namespace stagger
