#pragma once

#include <chrono>
#include <cstdint>

#include "provider/description.hpp"

/// Building blocks of the scenarios that the simulation tests run.
namespace scenarios {

using namespace std::chrono_literals;
using stagger::from_seconds;
namespace provider = stagger::provider;

/// Language-model requests, far away: 2 s of service, 50 ms of round trip.
inline provider::scenario far_away(std::uint64_t requests, unsigned concurrency = 1024) {
    provider::scenario scenario;
    scenario.provider.latency.kind = provider::distribution::lognormal;
    scenario.provider.latency.mean = 2s;
    scenario.provider.rtt = 50ms;
    provider::client_description client;
    client.requests = requests;
    client.concurrency = concurrency;
    scenario.clients = {client};
    return scenario;
}

inline provider::limit token_bucket(double rate_per_s, double burst,
                                    provider::unit counts = provider::unit::requests) {
    return provider::token_bucket{counts, rate_per_s, burst};
}
inline provider::limit fixed_window(double quota, stagger::duration window) {
    return provider::fixed_window{provider::unit::requests, quota, window, {}};
}
inline provider::limit sliding_window(double quota, stagger::duration window) {
    return provider::sliding_window{provider::unit::requests, quota, window};
}
inline provider::limit concurrency(unsigned max) {
    provider::concurrency_limit limit;
    limit.max = max;
    return limit;
}

}  // namespace scenarios
