#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "redis/redis_address.hpp"
#include "stagger/fleet.hpp"

namespace stagger::detail {

/// Where a fleet's store is, and how it is spoken to.
struct fleet_store {
    redis::redis_address address;
    std::shared_ptr<boost::asio::ssl::context> tls;  ///< null: without TLS
};

/// @param options validated
/// @throws std::invalid_argument for a ca_file that cannot be used
fleet_store store_of(const fleet_options& options);

}  // namespace stagger::detail
