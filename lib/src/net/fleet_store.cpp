#include "net/fleet_store.hpp"

#include "http/tls_context.hpp"

namespace stagger::detail {

fleet_store store_of(const fleet_options& options) {
    fleet_store found{redis::parse_redis_address(options.url()), nullptr};
    if (!options.password().empty()) found.address.password = options.password();
    if (!found.address.target.tls) return found;
    const tls_files files{options.ca_file(), false, {}, {}};
    found.tls = std::make_shared<boost::asio::ssl::context>(make_tls_context(files));
    return found;
}

}  // namespace stagger::detail
