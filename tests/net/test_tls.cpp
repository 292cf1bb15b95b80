#include <doctest/doctest.h>

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
    SUBCASE("expired") {
        kind = certificate_kind::expired;
        expected = errc::certificate_expired;
    }
    SUBCASE("wrong host") {
        kind = certificate_kind::wrong_host;
        expected = errc::certificate_wrong_host;
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
    client_options options = options_for(peer.base_url());
    if (trusted) options.ca_file(certificates.ca_file());
    client llm(context.get_executor(), options);
    const outcome ended = complete(context, llm, completion_request("a"));
    CHECK(ended.error == expected);
    CHECK(ended.error == condition::permanent);
    CHECK(ended.result.info.attempts == 1);
    CHECK(ended.result.info.message.find("certificate of 127.0.0.1") != std::string::npos);
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
