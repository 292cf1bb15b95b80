#include "http/endpoint.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <stdexcept>

#include "base/decimal.hpp"

namespace stagger {

std::string shown_url(std::string_view url) {
    constexpr std::string_view left_out = "[...]";
    std::string shown(url);
    const std::size_t query = shown.find('?');
    if (query != std::string::npos) shown.replace(query + 1, std::string::npos, left_out);
    const std::size_t at = shown.rfind('@');
    if (at == std::string::npos) return shown;
    const std::size_t slashes = shown.find("//");
    const std::size_t begin = slashes < at ? slashes + 2 : 0;
    return shown.replace(begin, at - begin, left_out);
}

namespace {

[[noreturn]] void refuse(std::string_view base_url, const char* rule) {
    throw std::invalid_argument("base_url: " + std::string(rule) + ", is \"" + shown_url(base_url) + "\"");
}

// Boost.URL 1.81 lets a number pass that does not fit.
bool is_port(std::string_view text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= 65535;
}

}  // namespace

endpoint parse_endpoint(std::string_view base_url) {
    if (base_url.empty()) throw std::invalid_argument("base_url: must be given");
    const auto parsed = boost::urls::parse_uri(base_url);
    if (!parsed) refuse(base_url, "must be a URL such as https://host/v1");
    const boost::urls::url_view& url = *parsed;
    endpoint result;
    if (wire::equal_ignoring_case(std::string_view(url.scheme()), "https")) {
        result.tls = true;
    } else if (!wire::equal_ignoring_case(std::string_view(url.scheme()), "http")) {
        refuse(base_url, "must begin with http:// or https://");
    }
    if (url.host().empty()) refuse(base_url, "must name a host");
    if (url.host_type() == boost::urls::host_type::name &&
        url.encoded_host().find('%') != std::string_view::npos)
        refuse(base_url, "must name a host without percent-encoding");
    // The URL is not repeated here: it holds a secret.
    if (url.has_userinfo())
        throw std::invalid_argument("base_url: must not contain a user name or a password");
    if (url.has_fragment()) refuse(base_url, "must not have a fragment");

    result.host = url.host_address();
    result.host_is_address = url.host_type() != boost::urls::host_type::name;
    const std::string default_port = result.tls ? "443" : "80";
    result.port = url.has_port() && !url.port().empty() ? std::string(url.port()) : default_port;
    if (!is_port(result.port)) refuse(base_url, "must have a port within 1..65535");
    result.authority = url.encoded_host();
    if (result.port != default_port) result.authority += ":" + result.port;
    result.base_path = url.encoded_path();
    result.base_query = url.encoded_query();
    while (result.base_path.ends_with('/')) result.base_path.pop_back();
    return result;
}

std::string host_and_port(const endpoint& target) {
    const bool brackets = target.host.find(':') != std::string::npos;
    return (brackets ? "[" + target.host + "]" : target.host) + ":" + target.port;
}

}  // namespace stagger
