#include "redis/redis_address.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>
#include <stdexcept>

namespace stagger::redis {

namespace {

[[noreturn]] void reject(std::string_view url, const char* rule) {
    throw std::invalid_argument("fleet: " + std::string(rule) + ", is \"" + shown_url(url) + "\"");
}

unsigned small_number(std::string_view url, std::string_view text, unsigned least, unsigned most,
                      const char* rule) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < least || number > most)
        reject(url, rule);
    return number;
}

}  // namespace

redis_address parse_redis_address(std::string_view text) {
    const auto parsed = boost::urls::parse_uri(text);
    if (!parsed) reject(text, "must be a URL such as redis://host:6379");
    const boost::urls::url_view& url = *parsed;
    redis_address found;
    const std::string scheme(url.scheme());
    if (scheme != "redis" && scheme != "rediss") reject(text, "must begin with redis:// or rediss://");
    if (url.host().empty()) reject(text, "must name a host");
    if (url.has_query() || url.has_fragment()) reject(text, "must have neither a query nor a fragment");
    found.target.tls = scheme == "rediss";
    found.target.host = url.host_address();
    found.target.host_is_address = url.host_type() != boost::urls::host_type::name;
    found.target.port = url.has_port() && !url.port().empty() ? std::string(url.port()) : "6379";
    constexpr unsigned last_port = 65535;
    small_number(text, found.target.port, 1, last_port, "must have a port within 1..65535");
    found.user = url.user();
    found.password = url.password();
    const std::string path = url.path();
    constexpr unsigned last_database = 9999;
    if (path.size() > 1)
        found.database = small_number(text, std::string_view(path).substr(1), 0, last_database,
                                      "must have the number of a database as its path");
    return found;
}

}  // namespace stagger::redis
