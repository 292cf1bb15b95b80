#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stagger {

/// Where an API is, taken apart from its base URL.
struct endpoint {
    bool tls = false;
    std::string host;  ///< a name or an address, without brackets
    std::string port;  ///< decimal
    std::string
        authority;  ///< for the Host header: brackets and a port that is not the scheme's default included
    std::string base_path;   ///< without a trailing slash; may be empty
    std::string base_query;  ///< encoded; sent with every request, and may hold a key
    bool host_is_address = false;
};

/// HOST:PORT, also where the port is the scheme's own; an address of IPv6 in brackets.
std::string host_and_port(const endpoint& target);

/// A URL for messages: whatever may be a password or a key is left out, also of a text that is no URL.
std::string shown_url(std::string_view url);

/// @throws std::invalid_argument "base_url: must ..., is ..."
endpoint parse_endpoint(std::string_view base_url);

}  // namespace stagger
