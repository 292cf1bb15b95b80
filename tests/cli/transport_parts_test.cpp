#include <doctest/doctest.h>

#include <map>
#include <string>

#include "cli/exit_code.hpp"
#include "sending/transport.hpp"

namespace {

using variables = std::map<std::string, std::string>;

const std::string url = "https://api.example.com/v1";

app::transport find(const app::transport_choice& route, const app::transport_choice& given,
                    const variables& environment, const std::string& base_url = url) {
    return app::find_transport(route, given, base_url, [&](const std::string& name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::string() : found->second;
    });
}

std::string problem_of(const app::transport_choice& given, const variables& environment) {
    try {
        find({}, given, environment);
    } catch (const app::failure& wrong) {
        CHECK(wrong.code() == app::exit_code::wrong_usage);
        return wrong.what();
    }
    return "";
}

std::string addresses_of(const std::string& text) {
    std::string all;
    for (const auto& one : app::parse_resolve(text))
        all.append(one.host).append(" ").append(std::to_string(one.port)).append(" ").append(one.address) +=
            ";";
    return all;
}

}  // namespace

TEST_CASE("the way to an endpoint: the route's own, the command line's, the environment's") {
    const variables environment{{"HTTPS_PROXY", "http://env:1"}};
    CHECK(find({}, {}, {}).source.empty());
    CHECK(find({}, {}, environment).proxy == "http://env:1");
    CHECK(find({}, {}, environment).source == "HTTPS_PROXY");
    CHECK(find({}, {"http://given:1", ""}, environment).proxy == "http://given:1");
    CHECK(find({}, {{}, "/given"}, environment).unix_socket == "/given");
    CHECK(find({}, {{}, "/given"}, environment).proxy.empty());
    CHECK(find({"http://route:1", ""}, {{}, "/given"}, environment).proxy == "http://route:1");
    CHECK(find({"http://route:1", ""}, {{}, "/given"}, environment).unix_socket.empty());
    CHECK(find({{}, "/route"}, {"http://given:1", ""}, environment).unix_socket == "/route");
    CHECK(find({"", ""}, {"http://given:1", ""}, environment).proxy.empty());
    CHECK(find({}, {"", ""}, environment).proxy.empty());
    CHECK(find({}, {}, environment, "http://api.example.com").proxy.empty());
    CHECK(find({}, {}, environment, "no url").proxy.empty());
}

TEST_CASE("NO_PROXY holds for the environment's proxy and the command line's, not for a route's own") {
    const variables environment{{"HTTPS_PROXY", "http://env:1"}, {"NO_PROXY", "example.com"}};
    CHECK(find({}, {}, environment).proxy.empty());
    CHECK(find({}, {"http://given:1", ""}, environment).proxy.empty());
    CHECK(find({}, {"http://given:1", ""}, environment).description(url) ==
          "requests to api.example.com go directly (NO_PROXY)");
    CHECK(find({"http://route:1", ""}, {}, environment).proxy == "http://route:1");
}

TEST_CASE("what the log is told has no password, and nothing of the ordinary way") {
    CHECK(find({}, {}, {}).description(url).empty());
    CHECK(find({}, {}, {{"ALL_PROXY", "joe:secret@env:1"}}).description(url) ==
          "requests to api.example.com go through the proxy http://env:1 (ALL_PROXY)");
    CHECK(find({}, {{}, "/run/api"}, {}).description(url) ==
          "requests to api.example.com go to the Unix socket /run/api (--unix-socket)");
}

TEST_CASE("a proxy that is none is named by where it stands") {
    CHECK(problem_of({"socks5://joe:secret@p", ""}, {}).starts_with("--proxy: must begin with http://"));
    CHECK(problem_of({}, {{"https_proxy", "ftp://p"}}).starts_with("https_proxy: must begin with http://"));
    CHECK(problem_of({"socks5://joe:secret@p", ""}, {}).find("secret") == std::string::npos);
}

TEST_CASE("--resolve reads HOST:PORT:ADDRESS") {
    CHECK(addresses_of("api.example.com:443:127.0.0.1") == "api.example.com 443 127.0.0.1;");
    CHECK(addresses_of("a:1:::1") == "a 1 ::1;");
    CHECK(addresses_of("a:1:[::1],127.0.0.1") == "a 1 ::1;a 1 127.0.0.1;");
    CHECK(addresses_of("[::2]:1:::1") == "::2 1 ::1;");
    for (const char* wrong : {"", "a", "a:1", "a:1:", ":1:::1", "a:0:::1", "a:65536:::1", "a:x:::1", "a::::1",
                              "a:1:b", "a:1:127.0.0.1,b", "[::2:1:::1"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(app::parse_resolve(wrong), app::failure);
    }
}
