#include "gateway/access_rules.hpp"

#include <algorithm>

#include "server/request.hpp"

namespace stagger::gateway {

namespace {

constexpr std::string_view digits = "0123456789";

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of(digits) == text.npos;
}

std::string_view without_port(std::string_view host) {
    if (host.starts_with('[')) {
        const auto end = host.find(']');
        return end == host.npos ? host : host.substr(0, end + 1);
    }
    const auto colon = host.rfind(':');
    return colon != host.npos && is_number(host.substr(colon + 1)) ? host.substr(0, colon) : host;
}

// Four numbers: a name such as 127.0.0.1.example.com belongs to somebody else.
bool is_loopback_address(std::string_view host) {
    if (!host.starts_with("127.")) return false;
    const bool plain = host.find_first_not_of("0123456789.") == host.npos;
    return plain && std::ranges::count(host, '.') == 3 && !host.ends_with('.');
}

}  // namespace

bool is_loopback_name(std::string_view host) {
    const std::string_view name = without_port(host);
    return http_server::same_name(name, "localhost") || name == "[::1]" || is_loopback_address(name);
}

unsigned refused_by(const access_rules& rules, std::string_view host, std::string_view origin) {
    if (host.empty()) return 400;
    const auto listed = [&](const std::string& one) {
        return http_server::same_name(one, without_port(host));
    };
    if (!is_loopback_name(host) && std::ranges::none_of(rules.hosts, listed)) return 403;
    const bool knows_origin = origin.empty() || std::ranges::count(rules.origins, origin) > 0;
    return knows_origin ? 0 : 403;
}

}  // namespace stagger::gateway
