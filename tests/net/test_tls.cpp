#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include "support/completing.hpp"
#include "support/scripted_peer.hpp"
#include "support/test_certificates.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

TEST_CASE("a certificate that is good for the host is accepted, and the connection kept") {
    const test_certificates certificates;
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("one")}, {chat_answer("two")}}},
                       certificates.server(certificate_kind::good));
    client llm(context.get_executor(), options_for(peer.base_url()).ca_file(certificates.ca_file()));
    CHECK(complete(context, llm, completion_request("a")).result.text == "one");
    CHECK(complete(context, llm, completion_request("a")).result.text == "two");
    CHECK(peer.connections() == 1);
}

TEST_CASE("a certificate that is not good is refused before the request is sent, and never tried again") {
    const test_certificates certificates;
    asio::io_context context;
    certificate_kind kind{};
    errc expected{};
    bool trusted = true;
    std::string host = "127.0.0.1";
    std::string words;
    SUBCASE("expired") {
        kind = certificate_kind::expired;
        expected = errc::certificate_expired;
    }
    SUBCASE("wrong host") {
        kind = certificate_kind::wrong_host;
        expected = errc::certificate_wrong_host;
    }
    SUBCASE("its host in the common name only") {
        kind = certificate_kind::only_common_name;
        expected = errc::certificate_wrong_host;
        host = "localhost";
        words = "common name (CN), which does not count";
    }
    SUBCASE("self-signed") {
        kind = certificate_kind::self_signed;
        expected = errc::certificate_self_signed;
    }
    SUBCASE("signed by nobody that is trusted") {
        kind = certificate_kind::good;
        expected = errc::certificate_untrusted;
        trusted = false;
    }
    scripted_peer peer(context, {{{chat_answer("leaked")}}}, certificates.server(kind));
    const std::string url = "https://" + host + ":" + std::to_string(peer.port()) + "/v1";
    client_options options = options_for(url);
    if (trusted) options.ca_file(certificates.ca_file());
    client llm(context.get_executor(), options);
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == expected);
    CHECK(ended.error == condition::permanent);
    CHECK(ended.result.info.attempts == 1);
    CHECK(ended.result.info.message.find("certificate of " + host) != std::string::npos);
    CHECK(ended.result.info.message.find(words) != std::string::npos);
    CHECK(peer.requests().empty());
}

TEST_CASE("an answer over TLS cut at any byte is never a success") {
    const test_certificates certificates;
    const auto tls = certificates.server(certificate_kind::good);
    const std::string whole = chat_answer("an answer");
    for (std::size_t length = 0; length < whole.size(); length += 7) {
        asio::io_context context;
        scripted_peer peer(context, {{{whole.substr(0, length), turn::close}}}, tls);
        client llm(context.get_executor(), options_for(peer.base_url())
                                               .ca_file(certificates.ca_file())
                                               .retry(retry_policy().max_attempts(1)));
        const outcome ended = complete(context, llm, completion_request("a"));
        CAPTURE(length);
        REQUIRE(ended.error == (length == 0 ? errc::connection_lost : errc::answer_truncated));
    }
}

TEST_CASE("plain HTTP behind an https URL is a failed handshake") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("plain")}}});
    client llm(context.get_executor(), options_for("https://127.0.0.1:" + std::to_string(peer.port()))
                                           .retry(retry_policy().max_attempts(1))
                                           .handshake_timeout(std::chrono::milliseconds(50)));
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == errc::handshake_timed_out);
}

TEST_CASE("a server that demands a client certificate is answered with it") {
    const test_certificates certificates;
    const auto shown = certificates.client();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        asio::io_context context;
        scripted_peer peer(context, {{{chat_answer("hello")}}}, certificates.demanding_server(version));
        client llm(context.get_executor(), options_for(peer.base_url())
                                               .ca_file(certificates.ca_file())
                                               .ca_only(true)
                                               .client_certificate(shown.certificate, shown.key));
        CHECK(complete(context, llm, completion_request("a")).result.text == "hello");
    }
}

TEST_CASE(
    "a server that refuses the client, for want of a certificate or for a wrong one, is not asked again") {
    const test_certificates certificates;
    const auto shown = certificates.stranger();
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const bool shows : {false, true}) {
            CAPTURE(version);
            CAPTURE(shows);
            asio::io_context context;
            scripted_peer peer(context, {{{chat_answer("no")}}}, certificates.demanding_server(version));
            client_options options = options_for(peer.base_url()).ca_file(certificates.ca_file());
            if (shows) options.client_certificate(shown.certificate, shown.key);
            client llm(context.get_executor(), options);
            const outcome ended = complete(context, llm, completion_request("a"));
            CHECK(ended.error == errc::client_certificate_refused);
            CHECK(ended.error == condition::permanent);
            CHECK(ended.result.info.attempts == 1);
            const std::string& message = ended.result.info.message;
            CHECK(message.find(shows ? "refuses the client certificate: "
                                     : "demands a client certificate: ") != std::string::npos);
            CHECK(message.find("alert") != std::string::npos);
        }
    }
}

TEST_CASE(
    "a server that closes without a word after it asked for a certificate in vain has refused the client") {
    const test_certificates certificates;
    // Takes whatever is shown, and sends no ticket either: as one that checks behind the handshake.
    const auto tls = certificates.demanding_server(TLS1_3_VERSION);
    tls->set_verify_mode(asio::ssl::verify_peer);
    asio::io_context context;
    SUBCASE("before anything says that the client was admitted") {
        SSL_CTX_set_num_tickets(tls->native_handle(), 0);
        scripted_peer peer(context, {{{"", turn::close}}}, tls);
        client llm(context.get_executor(), options_for(peer.base_url()).ca_file(certificates.ca_file()));
        CHECK(complete(context, llm, completion_request("a")).error == errc::client_certificate_refused);
    }
    SUBCASE("once it was admitted, a lost connection is an accident") {
        scripted_peer peer(context, {{{"", turn::close}}, {{chat_answer("second")}}}, tls);
        client llm(context.get_executor(), options_for(peer.base_url()).ca_file(certificates.ca_file()));
        const outcome ended = complete(context, llm, completion_request("a"));
        CHECK_FALSE(ended.error);
        CHECK(ended.result.info.attempts == 2);
    }
}

TEST_CASE("with ca_only nobody is trusted but the authorities of ca_file") {
    const test_certificates ours;
    const test_certificates others;
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("no")}}}, others.server(certificate_kind::good));
    // The system's authorities of this test are those of the other one.
    ::setenv("SSL_CERT_FILE", others.ca_file().c_str(), 1);
    for (const bool alone : {false, true}) {
        client llm(context.get_executor(),
                   options_for(peer.base_url()).ca_file(ours.ca_file()).ca_only(alone));
        const outcome ended = complete(context, llm, completion_request("a"));
        CHECK(ended.error == (alone ? error_code(errc::certificate_untrusted) : error_code()));
    }
    ::unsetenv("SSL_CERT_FILE");
}

TEST_CASE("certificates that cannot be used are refused when the client is made") {
    const test_certificates certificates;
    const auto shown = certificates.client();
    const auto other = certificates.stranger();
    asio::io_context context;
    const auto problem = [&](const client_options& options) -> std::string {
        try {
            const client made(context.get_executor(), options);
        } catch (const std::invalid_argument& wrong) {
            return wrong.what();
        }
        return "";
    };
    const client_options good = options_for("https://127.0.0.1/v1");
    CHECK(problem(client_options(good).ca_only(true)).starts_with("ca_only: must come with ca_file"));
    CHECK(problem(client_options(good).client_certificate(shown.certificate, ""))
              .starts_with("client_certificate: "));
    CHECK(problem(client_options(good).client_certificate("/nonexistent", shown.key))
              .find("\"/nonexistent\"") != std::string::npos);
    CHECK(problem(client_options(good).client_certificate(shown.certificate, other.key)).find(other.key) !=
          std::string::npos);
    CHECK(problem(client_options(good).client_certificate(shown.certificate, shown.key)).empty());
}
