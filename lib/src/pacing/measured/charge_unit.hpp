#pragma once

#include "pacing/pacing.hpp"

namespace stagger {

/** @brief What a limit counts, as far as is known: requests, or tokens.
 *
 * Every rate in the core is in requests per second. Where tokens are limited, a request counts as its tokens
 * over those of a usual request, so that nothing else needs to know. Sends keep both costs, and what was
 * sent before can be counted anew.
 */
class charge_unit {
 public:
    static charge_unit requests() { return charge_unit(0); }
    /// @param per_request tokens of a usual request, > 0
    static charge_unit tokens(double per_request) { return charge_unit(per_request); }

    bool is_tokens() const { return tokens_per_request_ > 0; }

    double of(const cost& what) const { return pick(what.requests, what.tokens); }
    double of(const departure& sent) const { return pick(sent.cost, sent.tokens); }
    /// Of everything sent before this one.
    double before(const departure& sent) const { return pick(sent.cost_before, sent.tokens_before); }
    /// The headers' account of what is limited.
    limit_hint of(const hints& said) const {
        if (!is_tokens()) return said.requests;
        limit_hint counted = said.tokens;
        if (counted.limit) *counted.limit /= tokens_per_request_;
        if (counted.remaining) *counted.remaining /= tokens_per_request_;
        return counted;
    }

 private:
    explicit charge_unit(double tokens_per_request) : tokens_per_request_(tokens_per_request) {}
    double pick(double requests, double tokens) const {
        return is_tokens() ? tokens / tokens_per_request_ : requests;
    }

    double tokens_per_request_;
};

}  // namespace stagger
