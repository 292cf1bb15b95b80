#pragma once

#include <string>
#include <string_view>

#include "http/endpoint.hpp"

namespace stagger::redis {

/// Where a store is, and as whom it is spoken to.
struct redis_address {
    endpoint target;
    std::string user;      ///< empty: the default one
    std::string password;  ///< empty: none
    unsigned database = 0;
};

/** @brief Reads redis://[user[:password]@]host[:port][/database], or rediss:// for TLS.
 * @throws std::invalid_argument "fleet: must ..."; what may be a password is not repeated
 */
redis_address parse_redis_address(std::string_view url);

}  // namespace stagger::redis
