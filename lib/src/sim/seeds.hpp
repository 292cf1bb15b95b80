#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace stagger::sim {

// One seed for a run, and a stream of its own for everything that draws: so that the clairvoyant caller meets
// the same services and costs as the clients it is compared with.

inline std::uint64_t model_seed(std::uint64_t seed) {
    return seed;
}
inline std::uint64_t network_seed(std::uint64_t seed) {
    return seed ^ 0x6e6574776f726b00u;
}
inline std::uint64_t token_seed(std::uint64_t seed, std::size_t client) {
    return (seed ^ 0x746f6b656e730000u) + client;
}
inline std::uint64_t coordinator_seed(std::uint64_t seed, std::size_t client) {
    return (seed ^ 0x636c69656e740000u) + 1000 * client;
}
inline std::uint64_t backoff_seed(std::uint64_t seed, std::size_t client) {
    return (seed ^ 0x6261636b6f660000u) + client;
}

/// By which the provider tells the callers apart.
inline std::string client_name(std::size_t client) {
    return "client-" + std::to_string(client);
}

}  // namespace stagger::sim
