#pragma once

#include "pacing/pacing.hpp"

namespace stagger {

/// Numbers the sends of a strategy and adds up their cost.
class send_counter {
 public:
    departure count(time_point now, const cost& what) {
        departure sent = upcoming();
        sent.at = now;
        sent.cost = what.requests;
        sent.tokens = what.tokens;
        ++sends_;
        sum_.requests += what.requests;
        sum_.tokens += what.tokens;
        return sent;
    }

    send_number sends() const { return sends_; }
    /// The next send, as far as it is known: behind everything that was counted.
    departure upcoming() const {
        departure next;
        next.number = sends_;
        next.cost = 0;
        next.cost_before = sum_.requests;
        next.tokens_before = sum_.tokens;
        return next;
    }

 private:
    send_number sends_ = 0;
    cost sum_{0, 0};
};

}  // namespace stagger
