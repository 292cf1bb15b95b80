#include "provider/draw.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace stagger::provider {
namespace {

// Box and Muller's method; std::normal_distribution gives other numbers on every platform.
double draw_normal(random_source& random) {
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));  // 1 − u is never 0
    return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

duration draw_duration(distribution kind, duration mean, double sigma, random_source& random) {
    if (kind == distribution::constant || mean == duration::zero()) return mean;
    return from_seconds(draw(kind, to_seconds(mean), sigma, random));
}

}  // namespace

double draw(distribution kind, double mean, double sigma, random_source& random) {
    if (kind == distribution::constant || sigma == 0) return mean;
    return mean * std::exp(sigma * draw_normal(random) - sigma * sigma / 2);
}

duration draw_service(const latency_description& latency, random_source& random) {
    return draw_duration(latency.kind, latency.mean, latency.sigma, random);
}

duration draw_rtt(const provider_description& provider, random_source& random) {
    const distribution kind = provider.rtt_sigma == 0 ? distribution::constant : distribution::lognormal;
    return draw_duration(kind, provider.rtt, provider.rtt_sigma, random);
}

double draw_tokens(const token_costs& costs, random_source& random) {
    return std::max(1.0, draw(costs.kind, costs.mean, costs.sigma, random));
}

}  // namespace stagger::provider
