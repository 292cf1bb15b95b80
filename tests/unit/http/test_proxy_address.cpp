#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "http/proxy_address.hpp"

using namespace stagger;

namespace {

std::string problem(const std::string& url) {
    try {
        static_cast<void>(parse_proxy(url));
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a proxy's URL has a scheme, a host and a port, of which the host is enough") {
    const proxy_address whole = parse_proxy("https://proxy.example.com:8443");
    CHECK(whole.at.tls);
    CHECK(whole.at.host == "proxy.example.com");
    CHECK(whole.at.port == "8443");
    CHECK(whole.authorization.empty());
    CHECK(whole.shown == "https://proxy.example.com:8443");

    const proxy_address plain = parse_proxy("proxy:3128");
    CHECK(!plain.at.tls);
    CHECK(plain.at.port == "3128");
    CHECK(plain.shown == "http://proxy:3128");

    CHECK(parse_proxy("proxy").at.port == "80");
    CHECK(parse_proxy("HTTPS://proxy/").at.port == "443");
    CHECK(parse_proxy("http://[2001:db8::1]:3128").at.host == "2001:db8::1");
}

TEST_CASE("user and password go by Basic, decoded, and are never shown") {
    const proxy_address full = parse_proxy("http://joe:p%40ss%3A1@proxy:3128");
    CHECK(full.authorization == "Basic am9lOnBAc3M6MQ==");  // joe:p@ss:1
    CHECK(full.password == "p@ss:1");
    CHECK(full.shown == "http://proxy:3128");
    CHECK(parse_proxy("joe:secret@proxy:3128").shown == "http://proxy:3128");
    CHECK(parse_proxy("http://joe@proxy").authorization == "Basic am9lOg==");
    CHECK(parse_proxy("http://@proxy").authorization.empty());
}

TEST_CASE("what is no proxy's URL is refused without its password") {
    CHECK(problem("") == "proxy: must be given");
    CHECK(problem("socks5://joe:secret@proxy").find("must begin with http:// or https://") !=
          std::string::npos);
    for (const char* url :
         {"socks5://joe:secret@proxy", "http://joe:secret@proxy:0", "http://joe:secret@proxy:99999",
          "http://joe:secret@proxy/path", "http://joe:secret@proxy?x=1", "http://joe:secret@",
          "http://joe:sec ret@proxy"}) {
        CAPTURE(url);
        const std::string said = problem(url);
        CHECK(said.starts_with("proxy: must "));
        CHECK(said.find("sec") == std::string::npos);
    }
}
