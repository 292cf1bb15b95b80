#pragma once

#include "provider/description.hpp"

namespace stagger::sim {

/// What an earlier run of this client would have measured: the rate that the provider's limits allow at the
/// beginning, in requests per second; 0 without any.
double remembered_rate(const provider::provider_description& provider,
                       const provider::client_description& client);

}  // namespace stagger::sim
