#include "costs.hpp"
#include "sim/simulation.hpp"
#include "stopwatch.hpp"

namespace costs {

double simulated_per_s(std::uint64_t requests) {
    using namespace stagger;
    provider::scenario scenario;
    scenario.provider.limits = {provider::token_bucket{provider::unit::requests, 1000, 1000}};
    scenario.provider.latency.mean = std::chrono::seconds(2);
    scenario.provider.rtt = std::chrono::milliseconds(50);
    provider::client_description client;
    client.requests = requests;
    client.concurrency = 8192;
    scenario.clients = {client};
    const stopwatch watch;
    const sim::measures measured = sim::run(scenario, sim::policy(), 1);
    return static_cast<double>(measured.succeeded) / watch.seconds();
}

}  // namespace costs
