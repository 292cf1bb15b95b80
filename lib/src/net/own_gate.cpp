#include "net/own_gate.hpp"

#include <memory>
#include <stdexcept>

#include "http/seed.hpp"
#include "net/fleet_link.hpp"
#include "net/gate_access.hpp"

namespace stagger::detail {

gate make_own_gate(const boost::asio::any_io_executor& executor, const client_options& options,
                   const coordinator_options& limits) {
    options.validate();
    if (!options.fleet()) return {executor, limits, options.jitter_seed()};
    if (limits.tokens_per_minute() > 0)
        throw std::invalid_argument("fleet: shares limits on requests; tokens_per_minute must be 0");
    if (limits.pacing() != pacing_kind::ride_the_limit)
        throw std::invalid_argument("fleet: shares what is measured; pacing must be ride_the_limit");
    const std::string member = member_name();
    gate made(executor, coordinator_options(limits).fleet_member(member), options.jitter_seed());
    gate_access::keep_fleet(made, std::make_shared<fleet_link>(made, member, subject_of(options),
                                                               *options.fleet(), seed_or_random(0)));
    return made;
}

}  // namespace stagger::detail
