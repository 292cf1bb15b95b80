#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/option_setting.hpp"
#include "stagger/client.hpp"

namespace app {

/// What may say by which way requests go. A proxy that is there and empty is none, whatever comes later.
struct transport_choice {
    std::optional<std::string> proxy;
    std::string unix_socket;
};

/// By which way the requests to one endpoint go.
struct transport {
    std::string proxy;        ///< its URL; empty: none
    std::string unix_socket;  ///< its path; empty: none
    std::string source;       ///< what says so: an option, a variable, a route; empty: nothing does

    /// For the log, without user and password; empty where nothing is out of the ordinary.
    std::string description(const std::string& base_url) const;
};

/** @brief Decides by which way the requests to an endpoint go.
 *
 * What the route says itself comes first, then the command line, then the environment. Hosts that NO_PROXY
 * names have none of the latter two's proxies.
 *
 * @param of_route what it says itself
 * @param given by the options --proxy and --unix-socket
 * @throws failure wrong_usage for what is no proxy's URL, named by where it stands
 */
transport find_transport(const transport_choice& of_route, const transport_choice& given,
                         const std::string& base_url, const environment_reader& environment);

/** @brief Reads HOST:PORT:ADDRESS[,ADDRESS…], as --resolve has it.
 *
 * Addresses of IPv6 may stand in brackets.
 *
 * @throws failure wrong_usage
 */
std::vector<stagger::client_options::resolved_host> parse_resolve(const std::string& text);

}  // namespace app
