#include "listen_address.hpp"

#include "cli/exit_code.hpp"
#include "cli/option_values.hpp"

namespace app {

namespace asio = boost::asio;

asio::ip::tcp::endpoint parse_listen_address(const std::string& option, const std::string& text,
                                             reach where) {
    const auto wrong = [&](const std::string& rule) {
        return failure(exit_code::wrong_usage, option + ": " + rule + ", is \"" + text + "\"");
    };
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) throw wrong("must read HOST:PORT, such as 127.0.0.1:8484");
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto port = parse_number<std::uint16_t>(std::string_view(text).substr(colon + 1));
    if (!port) throw wrong("the port must be a number from 0 to 65535");
    boost::system::error_code unreadable;
    const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, unreadable);
    if (unreadable) throw wrong("the host must be an IP address or localhost");
    if (!address.is_loopback() && where == reach::loopback) {
        throw wrong(
            "the address must be one of the loopback, such as 127.0.0.1: whoever could reach another one "
            "could spend the key");
    }
    if (!address.is_loopback() && where == reach::loopback_without_keys) {
        throw wrong(
            "the address must be one of the loopback, such as 127.0.0.1, unless --clients lists keys: "
            "whoever "
            "could reach another one could spend the key");
    }
    return {address, *port};
}

}  // namespace app
