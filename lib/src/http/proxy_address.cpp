#include "http/proxy_address.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <stdexcept>

#include "base/decimal.hpp"
#include "dialect/authorization.hpp"

namespace stagger {

namespace {

[[noreturn]] void refuse(std::string_view url, const std::string& rule) {
    throw std::invalid_argument("proxy: " + rule + ", is \"" + shown_url(url) + "\"");
}

/// What names a proxy and nothing else: scheme, host and port.
std::string without_user(std::string_view url) {
    const auto begin = url.find("://") + 3;
    const auto at = url.rfind('@', url.find_first_of("/?#", begin));
    if (at == std::string_view::npos || at < begin) return std::string(url);
    return std::string(url.substr(0, begin)).append(url.substr(at + 1));
}

}  // namespace

proxy_address parse_proxy(std::string_view url) {
    if (url.empty()) throw std::invalid_argument("proxy: must be given");
    const bool has_scheme = url.find("://") != std::string_view::npos;
    const std::string whole = has_scheme ? std::string(url) : "http://" + std::string(url);
    const auto parsed = boost::urls::parse_uri(whole);
    if (!parsed) refuse(url, "must be a URL such as http://proxy:3128");
    const std::string_view scheme = parsed->scheme();
    if (!wire::equal_ignoring_case(scheme, "http") && !wire::equal_ignoring_case(scheme, "https"))
        refuse(url, "must begin with http:// or https://, the proxies that are spoken to");
    if (parsed->has_query() || parsed->has_fragment() || parsed->encoded_path().size() > 1)
        refuse(url, "must end with the port");
    proxy_address read;
    try {
        read.at = parse_endpoint(without_user(whole));
    } catch (const std::invalid_argument&) {
        refuse(url, "must have a host and a port within 1..65535");
    }
    read.shown = (read.at.tls ? "https://" : "http://") + read.at.authority;
    if (parsed->has_userinfo() && !parsed->encoded_userinfo().empty()) {
        read.password = parsed->password();
        read.authorization = "Basic " + wire::base64(parsed->user() + ":" + read.password);
    }
    return read;
}

}  // namespace stagger
