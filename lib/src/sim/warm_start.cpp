#include "sim/warm_start.hpp"

#include <algorithm>

#include "provider/token_cost.hpp"

namespace stagger::sim {

namespace {

/// What one limit looks like to a client that has measured it.
struct as_learned {
    provider::token_cost tokens;  // of a usual request
    double service_s;

    remembered_limits operator()(const provider::token_bucket& limit) const {
        remembered_limits learned;
        learned.rate_per_s = limit.rate_per_s / unit(limit);
        learned.burst = std::max(1.0, limit.burst / unit(limit));
        return learned;
    }
    remembered_limits operator()(const provider::fixed_window& limit) const {
        return window(limit.quota / unit(limit), limit.window);
    }
    remembered_limits operator()(const provider::sliding_window& limit) const {
        return window(limit.quota / unit(limit), limit.window);
    }
    remembered_limits operator()(const provider::concurrency_limit& limit) const {
        remembered_limits learned;
        learned.kind = limit_kind::concurrency;
        learned.in_flight = limit.max;
        learned.rate_per_s = limit.max / service_s;
        return learned;
    }

    static remembered_limits window(double quota, duration length) {
        remembered_limits learned;
        learned.kind = limit_kind::window;
        learned.rate_per_s = quota / to_seconds(length);
        learned.quota = std::max(1.0, quota);
        learned.window = length;
        return learned;
    }

    template <class Limit>
    double unit(const Limit& limit) const {
        return limit.counts == provider::unit::tokens ? in_the_end(limit.counted, tokens) : 1;
    }
};

provider::token_cost usual_tokens(const provider::provider_description& provider,
                                  const provider::client_description& client) {
    if (!client.output) return {client.tokens.mean};
    const double reserved = client.max_tokens > 0 ? client.max_tokens : provider.answers.default_max_tokens;
    const double made = client.max_tokens > 0 ? std::min(client.output->mean, reserved) : client.output->mean;
    return {client.tokens.mean, reserved, made};
}

}  // namespace

std::optional<remembered_limits> what_was_learned(const provider::provider_description& provider,
                                                  const provider::client_description& client) {
    const as_learned learn{usual_tokens(provider, client), to_seconds(provider.latency.mean)};
    std::optional<remembered_limits> slowest;
    for (const provider::limit& each : provider.limits) {
        const remembered_limits learned = std::visit(learn, each);
        if (!slowest || learned.rate_per_s < slowest->rate_per_s) slowest = learned;
    }
    if (slowest && slowest->kind == limit_kind::rate && provider.lockout_silence > duration::zero()) {
        slowest->kind = limit_kind::lockout;
        slowest->silence = provider.lockout_silence;
    }
    return slowest;
}

}  // namespace stagger::sim
