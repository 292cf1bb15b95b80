#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/endpoint.hpp"

namespace stagger {

/** @brief Whether a list of hosts that no proxy is for names this one, as curl reads NO_PROXY.
 *
 * Entries stand apart by commas or blanks. A name is itself and everything below it, with or without a dot in
 * front; an address is itself, or with /BITS its network; "*" is everything. An entry may end in :PORT, and
 * is for that port alone then. Letters have no case.
 */
bool is_excepted_from_proxy(std::string_view exceptions, const endpoint& target);

/// A proxy that the environment names.
struct environment_proxy {
    std::string url;       ///< empty: none
    std::string variable;  ///< that names it
};

/** @brief The proxy that the environment has for an endpoint, as curl finds it.
 *
 * For https it is https_proxy or HTTPS_PROXY, for http http_proxy alone (in a CGI program, HTTP_PROXY is what
 * a client's header says), for both then all_proxy or ALL_PROXY; small letters come first. What no_proxy, or
 * NO_PROXY, names has none.
 *
 * @param value_of what a variable holds; empty where there is none
 */
environment_proxy proxy_of_environment(const endpoint& target,
                                       const std::function<std::string(const std::string&)>& value_of);

/// The hosts that the environment has no proxy for: no_proxy, else NO_PROXY.
std::string proxy_exceptions_of_environment(const std::function<std::string(const std::string&)>& value_of);

}  // namespace stagger
