#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "http/endpoint.hpp"

using namespace stagger;

namespace {

std::string problem_of(std::string_view url) {
    try {
        parse_endpoint(url);
        return {};
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
}

}  // namespace

TEST_CASE("a base URL is taken apart, with the scheme's own port where it has none") {
    const endpoint plain = parse_endpoint("http://api.example/v1/");
    CHECK_FALSE(plain.tls);
    CHECK(plain.host == "api.example");
    CHECK(plain.port == "80");
    CHECK(plain.authority == "api.example");
    CHECK(plain.base_path == "/v1");
    const endpoint other = parse_endpoint("HTTPS://[::1]:8443?api-version=1");
    CHECK(other.tls);
    CHECK(other.host == "::1");
    CHECK(other.host_is_address);
    CHECK(other.authority == "[::1]:8443");
    CHECK(other.base_query == "api-version=1");
}

TEST_CASE("host and port stand together as one writes them, an address of IPv6 in brackets") {
    CHECK(host_and_port(parse_endpoint("https://api.example")) == "api.example:443");
    CHECK(host_and_port(parse_endpoint("http://127.0.0.1:8080")) == "127.0.0.1:8080");
    CHECK(host_and_port(parse_endpoint("http://[fe80::1]")) == "[fe80::1]:80");
}

TEST_CASE("a base URL that no request could be sent to is refused with the rule") {
    CHECK(problem_of("ftp://a").starts_with("base_url: must begin with http:// or https://"));
    CHECK(problem_of("http://").starts_with("base_url: must name a host"));
    CHECK(problem_of("http://a:0").starts_with("base_url: must have a port within 1..65535"));
    CHECK(problem_of("http://a:65536").starts_with("base_url: must have a port within 1..65535"));
    CHECK(problem_of("http://a/#b").starts_with("base_url: must not have a fragment"));
    // It would stand in the head of a request as it is.
    CHECK(problem_of("http://a%0d%0ab/").starts_with("base_url: must name a host without percent-encoding"));
    const std::string secret = problem_of("http://me:hush@a");
    CHECK(secret.find("must not contain a user name or a password") != std::string::npos);
    CHECK(secret.find("hush") == std::string::npos);
}
