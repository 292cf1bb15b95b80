#pragma once

#include "provider/description.hpp"
#include "stagger/random.hpp"

namespace stagger::provider {

/** A positive number: `mean` itself, or lognormal with this mean and with `sigma` of the logarithm.
 * The median of the latter is mean·exp(−sigma²/2).
 */
double draw(distribution kind, double mean, double sigma, random_source& random);

/// How long an admitted request takes.
duration draw_service(const latency_description& latency, random_source& random);
/// One round trip between caller and provider, without any service.
duration draw_rtt(const provider_description& provider, random_source& random);
/// What one request costs where tokens are counted; at least 1.
double draw_tokens(const token_costs& costs, random_source& random);

}  // namespace stagger::provider
