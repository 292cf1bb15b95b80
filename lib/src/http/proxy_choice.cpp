#include "http/proxy_choice.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <charconv>
#include <initializer_list>
#include <optional>

#include "base/decimal.hpp"
#include "stagger/error.hpp"

namespace stagger {

namespace ip = boost::asio::ip;

namespace {

/// One entry of the list.
struct exception {
    std::string_view host;     ///< without brackets
    std::string_view port;     ///< empty: any
    std::string_view network;  ///< the number of its bits; empty: one host
};

exception taken_apart(std::string_view entry) {
    exception one;
    if (entry.starts_with('[')) {
        const auto end = std::min(entry.find(']'), entry.size() - 1);
        const std::string_view behind = entry.substr(end + 1);
        one.host = entry.substr(1, end - 1);
        if (behind.starts_with(':')) one.port = behind.substr(1);
        if (behind.starts_with('/')) one.network = behind.substr(1);
        return one;
    }
    one.host = entry;
    if (const auto slash = entry.find('/'); slash != std::string_view::npos) {
        one.host = entry.substr(0, slash);
        one.network = entry.substr(slash + 1);
        return one;
    }
    // Several colons are an address of IPv6.
    const auto colon = entry.find(':');
    if (colon == std::string_view::npos || colon != entry.rfind(':')) return one;
    one.host = entry.substr(0, colon);
    one.port = entry.substr(colon + 1);
    return one;
}

std::optional<ip::address> address_of(std::string_view text) {
    error_code unreadable;
    const auto read = ip::make_address(text, unreadable);
    return unreadable ? std::nullopt : std::optional(read);
}

bool is_in_network(const ip::address& address, const ip::address& network, std::string_view bits) {
    unsigned short length = 0;
    const auto [end, wrong] = std::from_chars(bits.data(), bits.data() + bits.size(), length);
    if (wrong != std::errc() || end != bits.data() + bits.size()) return false;
    if (address.is_v4() != network.is_v4() || length > (address.is_v4() ? 32 : 128)) return false;
    if (address.is_v4()) {
        return ip::make_network_v4(address.to_v4(), length).canonical() ==
               ip::make_network_v4(network.to_v4(), length).canonical();
    }
    return ip::make_network_v6(address.to_v6(), length).canonical() ==
           ip::make_network_v6(network.to_v6(), length).canonical();
}

std::string_view without_dot(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return name;
}

bool is_at_or_below(std::string_view host, std::string_view domain) {
    host = without_dot(host);
    domain = without_dot(domain);
    if (domain.starts_with('.')) domain.remove_prefix(1);
    if (domain.empty() || host.size() < domain.size()) return false;
    const auto cut = host.size() - domain.size();
    if (!wire::equal_ignoring_case(host.substr(cut), domain)) return false;
    return cut == 0 || host[cut - 1] == '.';
}

bool names(std::string_view entry, const endpoint& target) {
    const exception one = taken_apart(entry);
    if (!one.port.empty() && one.port != target.port) return false;
    if (one.host == "*") return true;
    if (!target.host_is_address) return one.network.empty() && is_at_or_below(target.host, one.host);
    const auto meant = address_of(one.host);
    const auto address = address_of(target.host);
    if (!meant || !address) return false;
    return one.network.empty() ? *meant == *address : is_in_network(*address, *meant, one.network);
}

environment_proxy first_of(std::initializer_list<const char*> variables,
                           const std::function<std::string(const std::string&)>& value_of) {
    for (const char* variable : variables) {
        if (std::string url = value_of(variable); !url.empty()) return {std::move(url), variable};
    }
    return {};
}

}  // namespace

bool is_excepted_from_proxy(std::string_view exceptions, const endpoint& target) {
    constexpr std::string_view separators = ", \t";
    while (!exceptions.empty()) {
        const auto end = std::min(exceptions.find_first_of(separators), exceptions.size());
        if (end > 0 && names(exceptions.substr(0, end), target)) return true;
        exceptions.remove_prefix(std::min(end + 1, exceptions.size()));
    }
    return false;
}

environment_proxy proxy_of_environment(const endpoint& target,
                                       const std::function<std::string(const std::string&)>& value_of) {
    auto found = target.tls ? first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}, value_of)
                            : first_of({"http_proxy", "all_proxy", "ALL_PROXY"}, value_of);
    if (is_excepted_from_proxy(proxy_exceptions_of_environment(value_of), target)) return {};
    return found;
}

std::string proxy_exceptions_of_environment(const std::function<std::string(const std::string&)>& value_of) {
    return first_of({"no_proxy", "NO_PROXY"}, value_of).url;
}

}  // namespace stagger
