#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <optional>
#include <string>

#include "support/completing.hpp"
#include "support/connect_proxy.hpp"
#include "support/scripted_peer.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_certificates.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

const std::string joe = "Basic am9lOnNlY3JldC13b3Jk";  // joe:secret-word

std::string at_port(const std::string& scheme, const std::string& host, unsigned short port) {
    return scheme + "://" + host + ":" + std::to_string(port) + "/v1";
}

client_options through(const std::string& base_url, const std::string& proxy) {
    return impatient_options_for(base_url).proxy(proxy).retry(retry_policy().max_attempts(1));
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("requests to https go through the way that a proxy opens, which is used again") {
    const test_certificates certificates;
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("one")}, {chat_answer("two")}}},
                       certificates.server(certificate_kind::good));
    proxy_habits habits;
    SUBCASE("spoken to plainly") {}
    SUBCASE("spoken to by TLS") {
        habits.tls = certificates.server(certificate_kind::good);
    }
    SUBCASE("with a password") {
        habits.authorization = joe;
    }
    SUBCASE("by TLS, with a password") {
        habits.tls = certificates.server(certificate_kind::good);
        habits.authorization = joe;
    }
    const std::string user = habits.authorization.empty() ? "" : "joe:secret-word";
    connect_proxy proxy(context, habits);
    client llm(
        context.get_executor(),
        through(at_port("https", "localhost", peer.port()), proxy.url(user)).ca_file(certificates.ca_file()));
    const outcome first = complete(context, llm, completion_request("a"));
    CHECK(first.result.text == "one");
    CHECK(first.result.info.message == "");
    CHECK(complete(context, llm, completion_request("b")).result.text == "two");
    REQUIRE(proxy.heads().size() == 1);
    CHECK(has(proxy.heads().front(), "CONNECT localhost:" + std::to_string(peer.port()) + " HTTP/1.1"));
    CHECK(!has(proxy.heads().front(), "secret-key"));
    REQUIRE(peer.requests().size() == 2);
    CHECK(has(peer.requests().front(), "POST /v1/chat/completions HTTP/1.1"));
    CHECK(!has(peer.requests().front(), "Proxy-Authorization"));
}

TEST_CASE("streams come through a proxy, too") {
    const test_certificates certificates;
    asio::io_context context;
    scripted_peer peer(context, {{{event_stream(chat_documents({"be", "cause"}))}}},
                       certificates.server(certificate_kind::good));
    connect_proxy proxy(context, {certificates.server(certificate_kind::good)});
    client llm(
        context.get_executor(),
        through(at_port("https", "localhost", peer.port()), proxy.url()).ca_file(certificates.ca_file()));
    std::string text;
    std::optional<error_code> ended;
    std::optional<completion_stream> stream;
    std::function<void()> next = [&] {
        stream->async_next([&](error_code error, const std::optional<completion_delta>& delta) {
            if (delta) text += delta->text;
            if (!delta) ended = error;
            if (delta) next();
        });
    };
    llm.async_stream(completion_request("a"), [&](error_code error, completion_stream begun) {
        stream.emplace(std::move(begun));
        error ? void(ended = error) : next();
    });
    while (!ended && context.run_one() != 0) continue;
    CHECK(text == "because");
}

TEST_CASE("requests to http are passed on by the proxy, told the whole URL and who asks") {
    const test_certificates certificates;
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("one")}, {chat_answer("two")}}});
    proxy_habits habits;
    SUBCASE("spoken to plainly") {}
    SUBCASE("spoken to by TLS") {
        habits.tls = certificates.server(certificate_kind::good);
    }
    habits.authorization = joe;
    connect_proxy proxy(context, habits);
    const std::string url = at_port("http", "localhost", peer.port());
    client llm(context.get_executor(),
               through(url, proxy.url("joe:secret-word")).ca_file(certificates.ca_file()));
    CHECK(complete(context, llm, completion_request("a")).result.text == "one");
    CHECK(complete(context, llm, completion_request("b")).result.text == "two");
    REQUIRE(proxy.heads().size() == 1);
    CHECK(proxy.heads().front().starts_with("POST " + url + "/chat/completions HTTP/1.1\r\n"));
    CHECK(has(proxy.heads().front(), "\r\nHost: localhost:" + std::to_string(peer.port()) + "\r\n"));
    REQUIRE(peer.requests().size() == 2);
    CHECK(peer.requests().back().starts_with("POST " + url + "/chat/completions HTTP/1.1\r\n"));
}

TEST_CASE("a host that no_proxy names is reached directly") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("one")}}});
    connect_proxy proxy(context);
    client llm(context.get_executor(), through(peer.base_url(), proxy.url()).no_proxy("127.0.0.0/8"));
    CHECK(complete(context, llm, completion_request("a")).result.text == "one");
    CHECK(proxy.heads().empty());
}

TEST_CASE("a proxy that refuses ends the request at once, and is named without its password") {
    const test_certificates certificates;
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("one")}}}, certificates.server(certificate_kind::good));
    proxy_habits habits;
    std::string user = "joe:secret-word";
    std::string words;
    SUBCASE("no password was given") {
        habits.authorization = joe;
        user = "";
        words = " demands a user name and a password (407 Proxy Authentication Required)";
    }
    SUBCASE("a wrong password") {
        habits.authorization = "Basic else";
        words = " does not accept the user name and password (407 Proxy Authentication Required)";
    }
    SUBCASE("403") {
        habits.answer = "HTTP/1.1 403 Filtered\r\nContent-Length: 0\r\n\r\n";
        words = " refuses connections to localhost:" + std::to_string(peer.port()) + " (403 Filtered)";
    }
    connect_proxy proxy(context, habits);
    client llm(context.get_executor(), impatient_options_for(at_port("https", "localhost", peer.port()))
                                           .proxy(proxy.url(user))
                                           .ca_file(certificates.ca_file()));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::proxy_refused);
    CHECK(ended.result.info.attempts == 1);
    CHECK(ended.result.info.message == "the proxy " + proxy.url() + words);
    CHECK(peer.requests().empty());
}

TEST_CASE("a proxy that fails is an accident, and named") {
    const test_certificates certificates;
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("one")}}}, certificates.server(certificate_kind::good));
    proxy_habits habits;
    std::string words;
    SUBCASE("502") {
        habits.answer = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
        words = " could not connect to localhost:" + std::to_string(peer.port()) + " (502 Bad Gateway)";
    }
    SUBCASE("it hangs up") {
        habits.hangs_up = true;
        words = " closed the connection without an answer";
    }
    SUBCASE("it is no proxy") {
        habits.answer = "220 mail ready\r\n\r\n";
        words = " does not answer in HTTP";
    }
    connect_proxy proxy(context, habits);
    client llm(context.get_executor(), impatient_options_for(at_port("https", "localhost", peer.port()))
                                           .proxy(proxy.url())
                                           .retry(retry_policy().max_attempts(3))
                                           .ca_file(certificates.ca_file()));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::proxy_failed);
    CHECK(ended.result.info.attempts == 3);
    CHECK(ended.result.info.message == "the proxy " + proxy.url() + words);
    CHECK(proxy.heads().size() == 3);
}

TEST_CASE("a proxy that nobody listens for, or that has no name, is named") {
    asio::io_context context;
    connect_proxy proxy(context);
    const std::string url = proxy.url();
    proxy.close();
    client llm(context.get_executor(), through("https://api.example.com/v1", url));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::connect_failed);
    CHECK(has(ended.result.info.message, "connecting to the proxy 127.0.0.1:"));
    client lost(context.get_executor(), through("https://api.example.com/v1", "http://proxy.invalid:3128"));
    CHECK(has(complete(context, lost, completion_request("a")).result.info.message,
              "the proxy's, proxy.invalid"));
}

TEST_CASE("a proxy that falls silent ends the attempt by the time limit of connecting") {
    asio::io_context context;
    proxy_habits habits;
    habits.falls_silent = true;
    connect_proxy proxy(context, habits);
    client llm(
        context.get_executor(),
        through("https://api.example.com/v1", proxy.url()).connect_timeout(std::chrono::milliseconds(50)));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::connect_timed_out);
    CHECK(has(ended.result.info.message, "asking the proxy " + proxy.url() + " for a way"));
}

TEST_CASE("a proxy that passes requests on is named where it may be what refuses them") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("one")}}});
    proxy_habits habits;
    errc expected{};
    SUBCASE("407") {
        habits.authorization = joe;
        expected = errc::proxy_refused;
    }
    SUBCASE("403") {
        habits.answer = "HTTP/1.1 403 Filtered\r\nContent-Length: 0\r\n\r\n";
        expected = errc::forbidden;
    }
    SUBCASE("502") {
        habits.answer = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n";
        expected = errc::server_error;
    }
    connect_proxy proxy(context, habits);
    client llm(context.get_executor(), through(peer.base_url(), proxy.url()));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == expected);
    CHECK(has(ended.result.info.message, " (through the proxy " + proxy.url() + ")"));
}

TEST_CASE("the certificate of a proxy is checked, and shown none") {
    const test_certificates certificates;
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("one")}}}, certificates.server(certificate_kind::good));
    connect_proxy proxy(context, {certificates.server(certificate_kind::wrong_host)});
    client llm(
        context.get_executor(),
        through(at_port("https", "localhost", peer.port()), proxy.url()).ca_file(certificates.ca_file()));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::certificate_wrong_host);
    CHECK(has(ended.result.info.message, "the certificate of 127.0.0.1 is for another host"));
    CHECK(proxy.heads().empty());
}

TEST_CASE("the server's certificate is checked through a proxy, and a client certificate is for it alone") {
    const test_certificates certificates;
    asio::io_context context;
    const auto shown = certificates.client();
    connect_proxy proxy(context, {certificates.server(certificate_kind::good)});
    SUBCASE("a server that demands one") {
        scripted_peer peer(context, {{{chat_answer("one")}}}, certificates.demanding_server(0x0304));
        client llm(context.get_executor(), through(at_port("https", "localhost", peer.port()), proxy.url())
                                               .ca_file(certificates.ca_file())
                                               .client_certificate(shown.certificate, shown.key));
        CHECK(complete(context, llm, completion_request("a")).result.text == "one");
    }
    SUBCASE("a server of another name") {
        scripted_peer peer(context, {{{chat_answer("one")}}},
                           certificates.server(certificate_kind::wrong_host));
        client llm(
            context.get_executor(),
            through(at_port("https", "localhost", peer.port()), proxy.url()).ca_file(certificates.ca_file()));
        CHECK(complete(context, llm, completion_request("a")).error == errc::certificate_wrong_host);
    }
}

TEST_CASE("a name that was told is not looked up") {
    const test_certificates certificates;
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("one")}}});
    SUBCASE("the server's") {
        client llm(context.get_executor(), impatient_options_for(at_port("http", "api.invalid", peer.port()))
                                               .resolve("other.invalid", peer.port(), "192.0.2.1")
                                               .resolve("API.invalid", peer.port(), "127.0.0.1"));
        CHECK(complete(context, llm, completion_request("a")).result.text == "one");
        CHECK(has(peer.requests().front(), "Host: api.invalid:" + std::to_string(peer.port())));
    }
    SUBCASE("the proxy's") {
        connect_proxy proxy(context);
        client llm(context.get_executor(), through(at_port("http", "api.invalid", peer.port()),
                                                   "http://proxy.invalid:" + std::to_string(proxy.port()))
                                               .resolve("proxy.invalid", proxy.port(), "127.0.0.1"));
        CHECK(complete(context, llm, completion_request("a")).result.text == "one");
    }
    SUBCASE("an address that nobody listens at is followed by the next one") {
        client llm(context.get_executor(), impatient_options_for(at_port("http", "api.invalid", peer.port()))
                                               .resolve("api.invalid", peer.port(), "::1")
                                               .resolve("api.invalid", peer.port(), "127.0.0.1"));
        CHECK(complete(context, llm, completion_request("a")).result.text == "one");
    }
}

TEST_CASE("a Unix socket stands for the host of the base URL") {
    const test_certificates certificates;
    asio::io_context context;
    const temporary_folder folder;
    const std::string path = folder.path("api.sock");
    SUBCASE("plain, its connection used again") {
        scripted_peer peer(context, {{{chat_answer("one")}, {chat_answer("two")}}});
        unix_relay relay(context, path, peer.port());
        client llm(context.get_executor(), impatient_options_for("http://api.invalid/v1").unix_socket(path));
        CHECK(complete(context, llm, completion_request("a")).result.text == "one");
        CHECK(complete(context, llm, completion_request("b")).result.text == "two");
        CHECK(relay.connections() == 1);
        CHECK(has(peer.requests().front(), "Host: api.invalid\r\n"));
    }
    SUBCASE("by TLS") {
        scripted_peer peer(context, {{{chat_answer("one")}}}, certificates.server(certificate_kind::good));
        unix_relay relay(context, path, peer.port());
        client llm(
            context.get_executor(),
            impatient_options_for("https://localhost/v1").unix_socket(path).ca_file(certificates.ca_file()));
        CHECK(complete(context, llm, completion_request("a")).result.text == "one");
    }
    SUBCASE("that does not exist") {
        client llm(context.get_executor(), impatient_options_for("http://api.invalid/v1")
                                               .unix_socket(path)
                                               .retry(retry_policy().max_attempts(1)));
        const outcome ended = complete(context, llm, completion_request("a"));
        CHECK(ended.error == errc::connect_failed);
        CHECK(has(ended.result.info.message, "connecting to " + path + ": No such file or directory"));
    }
}

TEST_CASE("each route has its own way") {
    asio::io_context context;
    const temporary_folder folder;
    scripted_peer peer(context, {{{chat_answer("one")}, {chat_answer("two")}, {chat_answer("three")}}});
    connect_proxy proxy(context);
    const std::string path = folder.path("api.sock");
    unix_relay relay(context, path, peer.port());
    const auto ask = [&](route way, const client_options& options) {
        client llm(context.get_executor(), routes(std::move(way)), options);
        return complete(context, llm, completion_request("a")).result.text;
    };
    client_options options = impatient_options_for("");
    options.retry(retry_policy().max_attempts(1));
    const std::string url = at_port("http", "api.invalid", peer.port());
    CHECK(ask(route(url).proxy(proxy.url()), options) == "one");
    CHECK(ask(route(url), client_options(options).proxy(proxy.url())) == "one");
    CHECK(ask(route(url).unix_socket(path), client_options(options).proxy(proxy.url())) == "one");
    CHECK(ask(route(peer.base_url()).proxy(""), client_options(options).proxy(proxy.url())) == "one");
    CHECK(proxy.heads().size() == 2);
    CHECK(relay.connections() == 1);
}

TEST_CASE("options of transport that cannot be used are refused when the client is made") {
    asio::io_context context;
    const auto problem = [&](const client_options& options) -> std::string {
        try {
            const client llm(context.get_executor(), options);
        } catch (const std::invalid_argument& wrong) {
            return wrong.what();
        }
        return "";
    };
    const client_options options = options_for("http://127.0.0.1:1");
    CHECK(has(problem(client_options(options).proxy("socks5://joe:secret@p")),
              "proxy: must begin with http://"));
    CHECK(problem(client_options(options).proxy("p:1").unix_socket("/x")) ==
          "unix_socket: must not come with proxy, is \"/x\"");
    CHECK(has(problem(client_options(options).unix_socket(std::string(108, 'x'))), "at most 107 bytes"));
    CHECK(has(problem(client_options(options).resolve("a", 80, "b")), "resolve: must be a host, a port"));
    CHECK(has(problem(client_options(options).resolve("a", 0, "::1")), "resolve: must be a host, a port"));
    CHECK(problem(client_options(options).resolve("a", 80, "::1")).empty());
}
