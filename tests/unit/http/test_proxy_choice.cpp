#include <doctest/doctest.h>

#include <map>
#include <string>

#include "http/proxy_choice.hpp"

using namespace stagger;

namespace {

bool excepted(const std::string& list, const std::string& url) {
    return is_excepted_from_proxy(list, parse_endpoint(url));
}

environment_proxy found(const std::string& url, const std::map<std::string, std::string>& variables) {
    return proxy_of_environment(parse_endpoint(url), [&](const std::string& name) {
        const auto one = variables.find(name);
        return one == variables.end() ? std::string() : one->second;
    });
}

}  // namespace

TEST_CASE("NO_PROXY: a name is itself and all below it, whatever its letters") {
    for (const char* list : {"example.com", ".example.com", "EXAMPLE.com", "a, example.com", "a example.com",
                             "a,,example.com,", "example.com."}) {
        CAPTURE(list);
        CHECK(excepted(list, "https://example.com/v1"));
        CHECK(excepted(list, "https://api.Example.com/v1"));
        CHECK(!excepted(list, "https://notexample.com/v1"));
        CHECK(!excepted(list, "https://example.com.org/v1"));
    }
    CHECK(!excepted("", "https://example.com"));
    CHECK(!excepted(" , ,", "https://example.com"));
    CHECK(!excepted(".", "https://example.com"));
    CHECK(!excepted("com/8", "https://example.com"));
    CHECK(excepted("*", "https://example.com"));
    CHECK(excepted("localhost", "http://localhost:8000/v1"));
}

TEST_CASE("NO_PROXY: an entry with a port is for that port") {
    CHECK(excepted("example.com:8443", "https://example.com:8443"));
    CHECK(!excepted("example.com:8443", "https://example.com"));
    CHECK(excepted("example.com:443", "https://example.com"));
    CHECK(excepted("127.0.0.1:8000", "http://127.0.0.1:8000"));
    CHECK(!excepted("127.0.0.1:8000", "http://127.0.0.1:8001"));
    CHECK(excepted("[::1]:8000", "http://[::1]:8000"));
    CHECK(!excepted("[::1]:8000", "http://[::1]:8001"));
}

TEST_CASE("NO_PROXY: addresses and networks") {
    CHECK(excepted("10.1.2.3", "http://10.1.2.3"));
    CHECK(!excepted("10.1.2", "http://10.1.2.3"));
    CHECK(!excepted("2.3", "http://10.1.2.3"));
    CHECK(excepted("10.0.0.0/8", "http://10.1.2.3"));
    CHECK(excepted("10.9.9.9/8", "http://10.1.2.3"));
    CHECK(!excepted("10.0.0.0/8", "http://11.1.2.3"));
    CHECK(excepted("0.0.0.0/0", "http://11.1.2.3"));
    CHECK(!excepted("10.0.0.0/8", "http://[::1]"));
    CHECK(!excepted("10.0.0.0/33", "http://10.0.0.1"));
    CHECK(!excepted("10.0.0.0/x", "http://10.0.0.1"));
    CHECK(!excepted("10.0.0.0/8", "http://ten.example.com"));
    CHECK(excepted("::1", "http://[::1]:8000"));
    CHECK(excepted("[::1]", "http://[0:0:0:0:0:0:0:1]"));
    CHECK(excepted("2001:db8::/32", "http://[2001:db8:1::5]"));
    CHECK(excepted("[2001:db8::]/32", "http://[2001:db8:1::5]"));
    CHECK(!excepted("2001:db8::/32", "http://[2001:db9::1]"));
    CHECK(!excepted("[", "http://[::1]"));
    CHECK(!excepted("[]", "http://[::1]"));
}

TEST_CASE("the environment's proxy is the scheme's, small letters first, then ALL_PROXY") {
    const std::string secure = "https://api.example.com/v1";
    const std::string plain = "http://api.example.com/v1";
    CHECK(found(secure, {}).url.empty());
    CHECK(found(secure, {{"HTTPS_PROXY", "a"}}).url == "a");
    CHECK(found(secure, {{"HTTPS_PROXY", "a"}, {"https_proxy", "b"}}).url == "b");
    CHECK(found(secure, {{"HTTPS_PROXY", "a"}, {"https_proxy", "b"}}).variable == "https_proxy");
    CHECK(found(secure, {{"HTTPS_PROXY", "a"}, {"all_proxy", "c"}}).url == "a");
    CHECK(found(secure, {{"ALL_PROXY", "c"}}).variable == "ALL_PROXY");
    CHECK(found(secure, {{"http_proxy", "a"}}).url.empty());
    CHECK(found(plain, {{"http_proxy", "a"}, {"https_proxy", "b"}}).url == "a");
    CHECK(found(plain, {{"HTTP_PROXY", "a"}}).url.empty());
    CHECK(found(plain, {{"HTTP_PROXY", "a"}, {"all_proxy", "c"}}).url == "c");
}

TEST_CASE("what NO_PROXY names has no proxy, small letters first") {
    const std::string url = "https://api.example.com/v1";
    CHECK(found(url, {{"HTTPS_PROXY", "a"}, {"NO_PROXY", "example.com"}}).url.empty());
    CHECK(found(url, {{"HTTPS_PROXY", "a"}, {"no_proxy", "example.com"}}).url.empty());
    CHECK(found(url, {{"HTTPS_PROXY", "a"}, {"no_proxy", "other"}, {"NO_PROXY", "example.com"}}).url == "a");
}
