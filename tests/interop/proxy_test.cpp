#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "cli/child.hpp"
#include "cli/servers.hpp"
#include "interop/proxies.hpp"
#include "support/scripted_peer.hpp"
#include "support/test_certificates.hpp"

using namespace stagger::test;

namespace {

using words = std::vector<std::string>;

const proxy_user joe{"joe", "secret-word"};

outcome ask(const std::string& base_url, const std::string& proxy, const words& more = {}) {
    child_setup setup{STAGGER_COMMAND,
                      {"complete", "hello", "--model", "m", "--base-url", base_url, "--max-attempts", "1"}};
    setup.arguments.insert(setup.arguments.end(), more.begin(), more.end());
    setup.environment = {{"HTTPS_PROXY", proxy}, {"http_proxy", proxy}};
    return run(setup);
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A server of TLS and a plain one are both reached.
void check_both(const test_certificates& certificates, const std::string& proxy) {
    scripted_server secure({{{chat_answer("by TLS")}}}, certificates.server(certificate_kind::good));
    const auto tls = ask(secure.base_url(), proxy, {"--ca-file", certificates.ca_file()});
    CAPTURE(tls.err);
    CHECK(tls.out == "by TLS\n");
    scripted_server plain({{{chat_answer("plainly")}}});
    const auto passed_on = ask(plain.base_url(), proxy, {"--ca-file", certificates.ca_file()});
    CAPTURE(passed_on.err);
    CHECK(passed_on.out == "plainly\n");
}

/// With the reason, and no password in it; tinyproxy says 401 where a password is wrong.
void check_refused(const std::string& proxy, const std::string& shown, const words& more = {}) {
    const auto got = ask("https://127.0.0.1:1/v1", proxy, more);
    CAPTURE(got.err);
    CHECK(got.code == 4);
    CHECK(has(got.err, "the proxy " + shown));
    const bool says_why = has(got.err, " demands a user name and a password (40") ||
                          has(got.err, " does not accept the user name and password (40");
    CHECK(says_why);
    CHECK(!has(got.err, "secret"));
}

}  // namespace

TEST_CASE("tinyproxy: without a password, and a client certificate through it") {
    if (!tinyproxy_installed()) return;
    const test_certificates certificates;
    const tinyproxy_server proxy;
    check_both(certificates, proxy.url());
    const auto shown = certificates.client();
    scripted_server demanding({{{chat_answer("hi")}}}, certificates.demanding_server(TLS1_3_VERSION));
    const auto got = ask(
        demanding.base_url(), proxy.url(),
        {"--ca-file", certificates.ca_file(), "--client-cert", shown.certificate, "--client-key", shown.key});
    CHECK(got.out == "hi\n");
}

TEST_CASE("tinyproxy: with a password") {
    if (!tinyproxy_installed()) return;
    const test_certificates certificates;
    const tinyproxy_server proxy(joe);
    check_both(certificates, proxy.url("joe:secret-word"));
    check_refused(proxy.url(), proxy.url());
    check_refused(proxy.url("joe:secret-other"), proxy.url());
}

TEST_CASE("tinyproxy: a port that it does not connect to, and a server that nobody is") {
    if (!tinyproxy_installed()) return;
    const tinyproxy_server proxy({}, "ConnectPort 443");
    const auto refused = ask("https://127.0.0.1:8443/v1", proxy.url());
    CAPTURE(refused.err);
    CHECK(refused.code == 4);
    CHECK(has(refused.err, "the proxy " + proxy.url() + " refuses connections to 127.0.0.1:8443 (403 "));
    const tinyproxy_server open;
    const auto unreachable = ask("https://127.0.0.1:1/v1", open.url());
    CAPTURE(unreachable.err);
    CHECK(unreachable.code == 1);
    CHECK(has(unreachable.err, "the proxy " + open.url() + " could not connect to 127.0.0.1:1 (5"));
}

TEST_CASE("squid: without a password") {
    if (!squid_installed()) return;
    const test_certificates certificates;
    const squid_server proxy;
    check_both(certificates, proxy.url());
}

TEST_CASE("squid: with a password") {
    if (!squid_installed()) return;
    const test_certificates certificates;
    const squid_server proxy(joe);
    check_both(certificates, proxy.url("joe:secret-word"));
    check_refused(proxy.url(), proxy.url());
    check_refused(proxy.url("joe:secret-other"), proxy.url());
}

TEST_CASE("squid: by TLS, with a password and a client certificate for the server") {
    if (!squid_installed()) return;
    const test_certificates certificates;
    const auto files = certificates.server_files();
    const squid_server proxy(joe, files.certificate, files.key);
    check_both(certificates, proxy.url("joe:secret-word"));
    check_refused(proxy.url(), proxy.url(), {"--ca-file", certificates.ca_file()});
    const auto shown = certificates.client();
    scripted_server demanding({{{chat_answer("hi")}}}, certificates.demanding_server(TLS1_3_VERSION));
    const auto got = ask(
        demanding.base_url(), proxy.url("joe:secret-word"),
        {"--ca-file", certificates.ca_file(), "--client-cert", shown.certificate, "--client-key", shown.key});
    CAPTURE(got.err);
    CHECK(got.out == "hi\n");
    // Its certificate is of nobody that is trusted here.
    const auto untrusted = ask("https://127.0.0.1:1/v1", proxy.url("joe:secret-word"));
    CHECK(untrusted.code == 4);
    CHECK(has(untrusted.err, "the certificate of 127.0.0.1"));
}

TEST_CASE("squid: a proxy that refuses everything") {
    if (!squid_installed()) return;
    const squid_server proxy({}, "", "", "http_access deny all");
    const auto tunnel = ask("https://127.0.0.1:8443/v1", proxy.url());
    CAPTURE(tunnel.err);
    CHECK(tunnel.code == 4);
    CHECK(has(tunnel.err, "the proxy " + proxy.url() + " refuses connections to 127.0.0.1:8443 (403 "));
    const auto passed_on = ask("http://127.0.0.1:8080/v1", proxy.url());
    CAPTURE(passed_on.err);
    CHECK(passed_on.code == 4);
    CHECK(has(passed_on.err, "(through the proxy " + proxy.url() + ")"));
}
