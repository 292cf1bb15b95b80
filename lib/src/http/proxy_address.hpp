#pragma once

#include <string>
#include <string_view>

#include "http/endpoint.hpp"

namespace stagger {

/// A proxy for HTTP, taken apart from its URL.
struct proxy_address {
    endpoint at;                ///< `tls`: it is spoken to by TLS
    std::string authorization;  ///< the value of Proxy-Authorization; empty: none is sent
    std::string password;       ///< never to be shown
    std::string shown;          ///< its URL for messages, without user and password
};

/** @brief Takes a proxy's URL apart: http://proxy:3128, https://user:password@proxy, or HOST:PORT alone.
 *
 * Without a scheme it is http, without a port the scheme's own (80, 443). User and password may be
 * percent-encoded.
 *
 * @throws std::invalid_argument "proxy: must ...", which repeats no user and no password
 */
proxy_address parse_proxy(std::string_view url);

}  // namespace stagger
