#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

namespace app {

/// Who may be let in.
enum class reach {
    loopback,               ///< nobody but this machine
    loopback_without_keys,  ///< the same, since no client keys are listed
    anywhere,
};

/** @brief Reads HOST:PORT, where to listen: an IP address (that of version 6 in brackets) or localhost.
 *
 * Port 0 is any free one. An address beyond what may be reached is refused.
 * @param option for messages
 * @throws failure wrong_usage
 */
boost::asio::ip::tcp::endpoint parse_listen_address(const std::string& option, const std::string& text,
                                                    reach where);

}  // namespace app
