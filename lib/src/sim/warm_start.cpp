#include "sim/warm_start.hpp"

#include <algorithm>
#include <limits>

namespace stagger::sim {

namespace {

struct rate_of {
    double tokens_per_request;
    double service_s;

    double operator()(const provider::token_bucket& limit) const {
        return limit.rate_per_s / unit(limit.counts);
    }
    double operator()(const provider::fixed_window& limit) const {
        return limit.quota / to_seconds(limit.window) / unit(limit.counts);
    }
    double operator()(const provider::sliding_window& limit) const {
        return limit.quota / to_seconds(limit.window) / unit(limit.counts);
    }
    double operator()(const provider::concurrency_limit& limit) const { return limit.max / service_s; }

    double unit(provider::unit counts) const {
        return counts == provider::unit::tokens ? tokens_per_request : 1;
    }
};

}  // namespace

double remembered_rate(const provider::provider_description& provider,
                       const provider::client_description& client) {
    if (provider.limits.empty()) return 0;
    const rate_of rate{client.tokens.mean, to_seconds(provider.latency.mean)};
    double slowest = std::numeric_limits<double>::max();
    for (const provider::limit& each : provider.limits) slowest = std::min(slowest, std::visit(rate, each));
    return slowest;
}

}  // namespace stagger::sim
