#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

namespace app {

/** @brief Reads HOST:PORT, where to listen: an IP address (that of version 6 in brackets) or localhost.
 *
 * Port 0 is any free one. Without client keys nobody but this machine may be let in: other addresses than
 * those of the loopback are refused.
 * @param option for messages
 * @throws failure wrong_usage
 */
boost::asio::ip::tcp::endpoint parse_listen_address(const std::string& option, const std::string& text);

}  // namespace app
