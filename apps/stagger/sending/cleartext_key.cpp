#include "sending/cleartext_key.hpp"

#include <boost/asio/ip/address.hpp>
#include <stdexcept>

#include "http/endpoint.hpp"

namespace app {
namespace {

bool is_this_host(const stagger::endpoint& target) {
    if (!target.host_is_address) return target.host == "localhost" || target.host.ends_with(".localhost");
    boost::system::error_code unreadable;
    const auto address = boost::asio::ip::make_address(target.host, unreadable);
    return !unreadable && address.is_loopback();
}

}  // namespace

std::string cleartext_key_warning(const send_plan& plan) {
    if (plan.hidden.empty() || !plan.way.unix_socket.empty()) return {};
    try {
        const stagger::endpoint target = stagger::parse_endpoint(plan.base_url);
        if (target.tls || is_this_host(target)) return {};
        return "the key goes to " + target.host + " unencrypted, for everybody on the way to read: use https";
    } catch (const std::invalid_argument&) {
        return {};
    }
}

}  // namespace app
