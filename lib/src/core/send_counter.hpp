#pragma once

#include "core/pacing.hpp"

namespace stagger {

/// Numbers the sends of a strategy and adds up their cost.
class send_counter {
 public:
    departure count(time_point now, const cost& what) {
        departure sent;
        sent.number = sends_++;
        sent.at = now;
        sent.cost = what.requests;
        sent.cost_before = cost_;
        sent.tokens = what.tokens;
        sent.tokens_before = tokens_;
        cost_ += what.requests;
        tokens_ += what.tokens;
        return sent;
    }

 private:
    send_number sends_ = 0;
    double cost_ = 0;
    double tokens_ = 0;
};

}  // namespace stagger
