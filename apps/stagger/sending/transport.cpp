#include "transport.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <stdexcept>
#include <string_view>

#include "cli/exit_code.hpp"
#include "http/proxy_address.hpp"
#include "http/proxy_choice.hpp"

namespace app {
namespace {

/// Nothing for what is no base URL: whoever uses it says what is wrong.
std::optional<stagger::endpoint> endpoint_of(const std::string& base_url) {
    try {
        return stagger::parse_endpoint(base_url);
    } catch (const std::invalid_argument&) {
        return std::nullopt;
    }
}

/// The proxy, if it is one.
transport through(std::string url, std::string source) {
    if (url.empty()) return {};
    try {
        static_cast<void>(stagger::parse_proxy(url));
    } catch (const std::invalid_argument& wrong) {
        const std::string_view rule = wrong.what();
        throw failure(exit_code::wrong_usage, source + std::string(rule.substr(rule.find(':'))));
    }
    return {std::move(url), {}, std::move(source)};
}

std::string_view without_brackets(std::string_view text) {
    const bool has = text.size() >= 2 && text.front() == '[' && text.back() == ']';
    return has ? text.substr(1, text.size() - 2) : text;
}

bool is_address(std::string_view text) {
    boost::system::error_code unreadable;
    boost::asio::ip::make_address(text, unreadable);
    return !unreadable;
}

}  // namespace

std::string transport::description(const std::string& base_url) const {
    const auto to = endpoint_of(base_url);
    if (source.empty() || !to) return {};
    const std::string begin = "requests to " + to->authority + " go ";
    if (!unix_socket.empty()) return begin + "to the Unix socket " + unix_socket + " (" + source + ")";
    if (!proxy.empty())
        return begin + "through the proxy " + stagger::parse_proxy(proxy).shown + " (" + source + ")";
    return begin + "directly (" + source + ")";
}

transport find_transport(const transport_choice& of_route, const transport_choice& given,
                         const std::string& base_url, const environment_reader& environment) {
    if (!of_route.unix_socket.empty()) return {{}, of_route.unix_socket, "the route"};
    if (of_route.proxy) return through(*of_route.proxy, "the route's proxy");
    if (!given.unix_socket.empty()) return {{}, given.unix_socket, "--unix-socket"};
    const auto to = endpoint_of(base_url);
    if (!to || (given.proxy && given.proxy->empty())) return {};
    const bool excepted =
        stagger::is_excepted_from_proxy(stagger::proxy_exceptions_of_environment(environment), *to);
    if (given.proxy) {
        auto chosen = through(*given.proxy, "--proxy");
        return excepted ? transport{{}, {}, "NO_PROXY"} : chosen;
    }
    auto found = stagger::proxy_of_environment(*to, environment);
    return through(std::move(found.url), std::move(found.variable));
}

std::vector<stagger::client_options::resolved_host> parse_resolve(const std::string& text) {
    const auto refuse = [&text] {
        return failure(exit_code::wrong_usage, "--resolve: must read HOST:PORT:ADDRESS, is \"" + text + "\"");
    };
    const auto host_end = text.starts_with('[') ? text.find(':', text.find(']')) : text.find(':');
    if (host_end == std::string::npos || host_end == 0) throw refuse();
    const auto port_end = text.find(':', host_end + 1);
    if (port_end == std::string::npos) throw refuse();
    const char* const last = text.data() + port_end;
    std::uint16_t port = 0;
    const auto [end, wrong] = std::from_chars(text.data() + host_end + 1, last, port);
    if (wrong != std::errc() || end != last || port == 0) throw refuse();
    const std::string_view host = without_brackets(std::string_view(text).substr(0, host_end));
    std::string_view left = std::string_view(text).substr(port_end + 1);
    std::vector<stagger::client_options::resolved_host> all;
    while (!left.empty()) {
        const auto length = std::min(left.find(','), left.size());
        const std::string_view address = without_brackets(left.substr(0, length));
        if (!is_address(address)) throw refuse();
        all.push_back({std::string(host), port, std::string(address)});
        left.remove_prefix(std::min(length + 1, left.size()));
    }
    if (all.empty()) throw refuse();
    return all;
}

}  // namespace app
