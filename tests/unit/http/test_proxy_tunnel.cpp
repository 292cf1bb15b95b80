#include <doctest/doctest.h>

#include <string>

#include "http/proxy_tunnel.hpp"

using namespace stagger;

namespace {

constexpr std::size_t bound = 1024;

const endpoint server = parse_endpoint("https://api.example.com/v1");
const proxy_address anonymous = parse_proxy("http://proxy:3128");
const proxy_address known = parse_proxy("http://joe:secret@proxy:3128");

/// Whole, in one piece.
tunnel_answer after(const std::string& bytes, const proxy_address& proxy = anonymous) {
    tunnel_answer answer(server, proxy, bound);
    CHECK(answer.take(bytes));
    return answer;
}

}  // namespace

TEST_CASE("CONNECT names host and port, and says who asks") {
    CHECK(tunnel_request(server, anonymous) ==
          "CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\nUser-Agent: stagger\r\n\r\n");
    CHECK(tunnel_request(parse_endpoint("https://[::1]:8443"), known) ==
          "CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\nUser-Agent: stagger\r\n"
          "Proxy-Authorization: Basic am9lOnNlY3JldA==\r\n\r\n");
}

TEST_CASE("any 2xx opens the way, however it is cut") {
    for (const std::string& bytes :
         {std::string("HTTP/1.1 200 Connection established\r\n\r\n"), std::string("HTTP/1.0 200\r\n\r\n"),
          std::string("HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 204 No\r\nVia: p\r\n\r\n")}) {
        CHECK(!after(bytes).error());
        tunnel_answer slow(server, anonymous, bound);
        for (std::size_t i = 0; i + 1 < bytes.size(); ++i) CHECK(!slow.take(bytes.substr(i, 1)));
        CHECK(slow.take(bytes.substr(bytes.size() - 1)));
        CHECK(!slow.error());
    }
}

TEST_CASE("what will not pass the next time either is permanent, and names the proxy") {
    const auto refused = after("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nblock");
    CHECK(refused.error() == errc::proxy_refused);
    CHECK(refused.error() == condition::permanent);
    CHECK(refused.problem() ==
          "the proxy http://proxy:3128 refuses connections to api.example.com:443 (403 Forbidden)");

    const std::string basic =
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\n"
        "proxy-authenticate: Basic realm=\"x\"\r\n\r\n";
    CHECK(after(basic).error() == errc::proxy_refused);
    CHECK(after(basic).problem() ==
          "the proxy http://proxy:3128 demands a user name and a password (407 Proxy Authentication "
          "Required)");
    CHECK(after(basic, known).problem() ==
          "the proxy http://proxy:3128 does not accept the user name and password (407 Proxy Authentication "
          "Required)");
    CHECK(after("HTTP/1.1 401 Unauthorized\r\n\r\n", known).problem() ==
          "the proxy http://proxy:3128 does not accept the user name and password (401 Unauthorized)");
    CHECK(after("HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n\r\n")
              .problem() ==
          "the proxy http://proxy:3128 demands authentication by NTLM, Negotiate, and none but Basic is "
          "spoken (407 No)");
}

TEST_CASE("what may pass the next time is an accident") {
    for (const char* status : {"500", "502", "503", "504", "408", "429"}) {
        const auto failed = after("HTTP/1.1 " + std::string(status) + " So\r\n\r\n");
        CHECK(failed.error() == errc::proxy_failed);
        CHECK(failed.error() == condition::retryable);
        CHECK(failed.problem() == "the proxy http://proxy:3128 could not connect to api.example.com:443 (" +
                                      std::string(status) + " So)");
    }
}

TEST_CASE("what is no answer to CONNECT") {
    CHECK(after("SSH-2.0-OpenSSH\r\n\r\n").problem() ==
          "the proxy http://proxy:3128 does not answer in HTTP");
    CHECK(after("HTTP/1.1 2x0 OK\r\n\r\n").error() == errc::proxy_failed);
    CHECK(after("HTTP/1.1\r\n\r\n").error() == errc::proxy_failed);
    CHECK(after("HTTP/1.1 200 OK\r\n\r\nhello").problem() ==
          "the proxy http://proxy:3128 says more than that the way is open");
    CHECK(after(std::string(bound + 1, 'x')).error() == errc::proxy_failed);
    CHECK(after("HTTP/1.1 403 \x1b[31mred\r\n\r\n").problem().find('\x1b') == std::string::npos);

    tunnel_answer gone(server, anonymous, bound);
    gone.take_end();
    CHECK(gone.error() == errc::proxy_failed);
    CHECK(gone.problem() == "the proxy http://proxy:3128 closed the connection without an answer");
    tunnel_answer cut(server, anonymous, bound);
    CHECK(!cut.take("HTTP/1.1 200"));
    cut.take_end();
    CHECK(cut.problem() == "the proxy http://proxy:3128 closed the connection amid its answer");
}
