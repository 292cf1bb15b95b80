#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <thread>
#include <vector>

#include "cli/child.hpp"
#include "cli/servers.hpp"
#include "support/connect_proxy.hpp"
#include "support/temporary_folder.hpp"

using namespace stagger::test;

namespace {

using words = std::vector<std::string>;

const std::string wide = R"([{"kind":"token_bucket","rate_per_s":1000,"burst":1000}])";
const std::string quick = R"({"kind":"constant","mean_s":0.001})";
// Nothing is there: only a proxy, or an address that was told, leads to it.
const std::string host = "api.invalid";
const std::string joe = "Basic am9lOnNlY3JldC13b3Jk";  // joe:secret-word

/// A proxy on a thread of its own.
class proxy_server {
 public:
    explicit proxy_server(proxy_habits habits = {}) : proxy_(context_, std::move(habits)) {
        url_ = proxy_.url();
        user_url_ = proxy_.url("joe:secret-word");
        thread_ = std::thread([this] { context_.run(); });
    }
    ~proxy_server() { stop(); }

    const std::string& url() const { return url_; }
    const std::string& url_with_password() const { return user_url_; }
    /// Ends it; what it was asked.
    std::vector<std::string> heads() {
        stop();
        return proxy_.heads();
    }

 private:
    void stop() {
        context_.stop();
        if (thread_.joinable()) thread_.join();
    }

    boost::asio::io_context context_;
    connect_proxy proxy_;
    std::string url_;
    std::string user_url_;
    std::thread thread_;
};

std::string url_at(const throttled_server& server) {
    return "http://" + host + ":" + std::to_string(server.port_number()) + "/v1";
}

outcome ask(words arguments, const std::map<std::string, std::string>& environment = {}) {
    const bool has_command = !arguments.empty() && !arguments.front().starts_with("-");
    if (!has_command) arguments.insert(arguments.begin(), {"complete", "hello", "--model", "m"});
    child_setup setup{STAGGER_COMMAND, std::move(arguments)};
    setup.environment = environment;
    return run(setup);
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("--proxy, its environment and --resolve lead to a server that nobody can look up") {
    const throttled_server server(wide, quick);
    const std::string url = url_at(server);
    const auto port = std::to_string(server.port_number());
    proxy_server proxy({nullptr, joe});
    const std::string all = proxy.url_with_password();
    for (const auto& got : {ask({"--base-url", url, "--proxy", all, "-v"}),
                            ask({"--base-url", url, "-v"}, {{"http_proxy", all}}),
                            ask({"--base-url", url, "-v"}, {{"ALL_PROXY", all}}),
                            ask({"--base-url", url, "-v"}, {{"STAGGER_PROXY", all}})}) {
        CAPTURE(got.err);
        CHECK(got.code == 0);
        CHECK(got.out == "answer to: hello\n");
        CHECK(
            has(got.err, "info: requests to " + host + ":" + port + " go through the proxy " + proxy.url()));
        CHECK(!has(got.err, "secret-word"));
    }
    CHECK(proxy.heads().size() == 4);
    const auto told = ask({"--base-url", url, "--resolve", host + ":" + port + ":127.0.0.1"});
    CHECK(told.code == 0);
    CHECK(told.err.empty());
}

TEST_CASE("hosts that NO_PROXY names, and an empty --proxy, go without") {
    const throttled_server server(wide, quick);
    const std::string nobody = "http://127.0.0.1:1";
    CHECK(ask({"--base-url", server.base_url()}, {{"http_proxy", nobody}, {"NO_PROXY", "127.0.0.1"}}).code ==
          0);
    CHECK(ask({"--base-url", server.base_url(), "--proxy", ""}, {{"http_proxy", nobody}}).code == 0);
    // A variable that any client of a CGI program may set.
    CHECK(ask({"--base-url", server.base_url()}, {{"HTTP_PROXY", nobody}}).code == 0);
}

TEST_CASE("every command that sends goes through the proxy") {
    const throttled_server server(wide, quick);
    const std::string url = url_at(server);
    const temporary_folder folder;
    const std::string prompts = folder.write("prompts.txt", "one\ntwo\n");
    proxy_server proxy;
    const words to{"--base-url", url, "--model", "m", "--proxy", proxy.url()};
    const auto with = [&](words arguments) {
        arguments.insert(arguments.end(), to.begin(), to.end());
        const auto got = ask(std::move(arguments));
        CAPTURE(got.err);
        CHECK(got.code == 0);
    };
    with({"batch", prompts, "-o", folder.path("out")});
    with({"bench", "--requests", "2", "--json", folder.path("bench.json")});
    CHECK(server.stat("accepted") >= 4);
    CHECK(!proxy.heads().empty());
}

TEST_CASE("stagger serve goes through the proxy, for what it passes on as well") {
    const throttled_server server(wide, quick);
    proxy_server proxy;
    child gateway({STAGGER_COMMAND,
                   {"serve", "--base-url", url_at(server), "--listen", "127.0.0.1:0", "--admin", "off",
                    "--proxy", proxy.url()}});
    gateway.await_output("\n");
    const std::string& said = gateway.output();
    const std::string its_url = said.substr(said.find("http://"), said.find('\n') - said.find("http://"));
    CHECK(ask({"--base-url", its_url}).out == "answer to: hello\n");
    gateway.signal(SIGTERM);
    CHECK(gateway.wait().code == 0);
    const auto heads = proxy.heads();
    REQUIRE(heads.size() == 1);
    CHECK(has(heads.front(), "POST " + url_at(server) + "/chat/completions HTTP/1.1"));
}

TEST_CASE("a proxy that refuses ends a batch with 4, named without its password") {
    const temporary_folder folder;
    const std::string prompts = folder.write("prompts.txt", "one\ntwo\n");
    proxy_server proxy({nullptr, "Basic other"});
    const auto got = ask({"batch", prompts, "-o", folder.path("out"), "--model", "m", "--base-url",
                          "https://" + host + "/v1", "--proxy", proxy.url_with_password()});
    CHECK(got.code == 4);
    CAPTURE(got.err);
    CHECK(has(got.err, "the proxy " + proxy.url() + " does not accept the user name and password (407"));
    CHECK(!has(got.err, "secret-word"));
}

TEST_CASE("--unix-socket connects in the host's place") {
    const throttled_server server(wide, quick);
    const temporary_folder folder;
    const std::string path = folder.path("api.sock");
    boost::asio::io_context context;
    const unix_relay relay(context, path, server.port_number());
    std::thread thread([&] { context.run(); });
    const auto got = ask({"--base-url", "http://" + host + "/v1", "--unix-socket", path, "-v"},
                         {{"http_proxy", "http://127.0.0.1:1"}});
    context.stop();
    thread.join();
    CAPTURE(got.err);
    CHECK(got.code == 0);
    CHECK(has(got.err, "go to the Unix socket " + path + " (--unix-socket)"));
}

TEST_CASE("each route of a file has its own way") {
    const throttled_server server(wide, quick);
    const temporary_folder folder;
    proxy_server proxy({nullptr, joe});
    const std::string file = folder.write("routes.json", R"({"routes": [
        {"name": "a", "base_url": ")" + url_at(server) + R"(", "proxy_env": "THE_PROXY"},
        {"name": "b", "base_url": ")" + server.base_url() + R"(", "proxy": ""}]})");
    for (const char* route : {"a", "b"}) {
        const auto got =
            ask({"--routes", file, "--route", route, "-v"},
                {{"THE_PROXY", proxy.url_with_password()}, {"http_proxy", "http://127.0.0.1:1"}});
        CAPTURE(got.err);
        CHECK(got.code == 0);
        CHECK(has(got.err, "route a: requests to " + host) == (route == std::string("a")));
    }
    CHECK(proxy.heads().size() == 1);
}

TEST_CASE("options of transport that cannot be used are wrong usage") {
    const words base{"--base-url", "http://127.0.0.1:1/v1"};
    const auto refused = [&](words more) {
        more.insert(more.begin(), base.begin(), base.end());
        const auto got = ask(std::move(more));
        CHECK(got.code == 2);
        return got.err;
    };
    CHECK(has(refused({"--proxy", "socks5://joe:secret-word@p"}), "--proxy: must begin with http://"));
    CHECK(has(refused({"--proxy", "p:1", "--unix-socket", "/x"}), "--proxy and --unix-socket: only one"));
    CHECK(has(refused({"--resolve", "nowhere"}), "--resolve: must read HOST:PORT:ADDRESS"));
    CHECK(has(refused({"--unix-socket", std::string(200, 'x')}), "unix_socket: must have at most 107 bytes"));
}
