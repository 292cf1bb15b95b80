#include "http/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace stagger {

namespace ssl = boost::asio::ssl;

namespace {

/// Where an SSL keeps that its server asked for a certificate, and there was none to show.
int asked_in_vain_index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

int on_certificate_asked_for(SSL* ssl, X509**, EVP_PKEY**) {
    static char yes;
    SSL_set_ex_data(ssl, asked_in_vain_index(), &yes);
    return 0;  // goes on without one
}

bool asked_in_vain(SSL* ssl) {
    return SSL_get_ex_data(ssl, asked_in_vain_index()) != nullptr;
}

void trust(ssl::context& context, const tls_files& files) {
    if (!files.ca_only) context.set_default_verify_paths();
    if (files.ca.empty()) return;
    error_code error;
    context.load_verify_file(files.ca, error);
    if (error) {
        throw std::invalid_argument("ca_file: must be a readable PEM file with certificates, is \"" +
                                    files.ca + "\" (" + error.message() + ")");
    }
}

void show_certificate(ssl::context& context, const tls_files& files) {
    SSL_CTX_set_client_cert_cb(context.native_handle(), on_certificate_asked_for);
    if (files.client_certificate.empty()) return;
    const auto require = [](const error_code& error, const std::string& rule, const std::string& path) {
        if (error)
            throw std::invalid_argument("client_certificate: must be " + rule + ", is \"" + path + "\" (" +
                                        error.message() + ")");
    };
    error_code error;
    context.use_certificate_chain_file(files.client_certificate, error);
    require(error, "a readable PEM file with a certificate", files.client_certificate);
    // Without a callback OpenSSL asks for a passphrase on the terminal.
    context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); });
    context.use_private_key_file(files.client_key, ssl::context::pem, error);
    require(error, "with a readable PEM file that has its key, without a passphrase", files.client_key);
}

}  // namespace

ssl::context make_tls_context(const tls_files& files) {
    ssl::context context(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    context.set_verify_mode(ssl::verify_peer);
    trust(context, files);
    show_certificate(context, files);
    return context;
}

namespace {

// What the macro SSL_set_tlsext_host_name does, without its casts. The library copies the name.
bool name_server(SSL* ssl, std::string host) {
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) == 1;
}

/// Whether the server's certificate names nobody but by its subject, which is not looked at.
bool has_only_common_name(SSL* ssl) {
    const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(ssl);
    if (!chain || sk_X509_num(chain) == 0) return false;
    const X509* const certificate = sk_X509_value(chain, 0);
    return X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) < 0;
}

/// The alert that the server sent, or -1. OpenSSL numbers its errors for alerts after them.
int alert_of(const error_code& error) {
    if (error.category() != boost::asio::error::get_ssl_category()) return -1;
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
    return reason >= SSL_AD_REASON_OFFSET ? reason - SSL_AD_REASON_OFFSET : -1;
}

bool is_about_certificate(int alert) {
    switch (alert) {
        case SSL_AD_HANDSHAKE_FAILURE:  // what TLS 1.2 has for a certificate that is missing
        case SSL_AD_BAD_CERTIFICATE:
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
        case SSL_AD_CERTIFICATE_REVOKED:
        case SSL_AD_CERTIFICATE_EXPIRED:
        case SSL_AD_CERTIFICATE_UNKNOWN:
        case SSL_AD_UNKNOWN_CA:
        case SSL_AD_ACCESS_DENIED:
        case SSL_AD_CERTIFICATE_REQUIRED:
            return true;
        default:
            return false;
    }
}

/// With TLS 1.3 a server that admits a client says so by a session ticket at once. One that asked for a
/// certificate in vain and closes without either that or an alert has not admitted it.
bool closed_before_admission(SSL* ssl, const error_code& error) {
    const bool closed = error == boost::asio::ssl::error::stream_truncated ||
                        error == boost::asio::error::eof || error == boost::asio::error::connection_reset;
    return closed && SSL_is_init_finished(ssl) && SSL_version(ssl) == TLS1_3_VERSION &&
           SSL_SESSION_has_ticket(SSL_get_session(ssl)) == 0;
}

}  // namespace

error_code prepare_tls(SSL* ssl, const endpoint& target) {
    X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(
        rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    const bool set = target.host_is_address
                         ? X509_VERIFY_PARAM_set1_ip_asc(rules, target.host.c_str()) == 1
                         : SSL_set1_host(ssl, target.host.c_str()) == 1 && name_server(ssl, target.host);
    return set ? error_code() : errc::tls_handshake_failed;
}

tls_failure explain_refused_client(SSL* ssl, const endpoint& target, const error_code& error) {
    const bool shown = SSL_get_certificate(ssl) != nullptr;
    if (!shown && !asked_in_vain(ssl)) return {};
    const std::string what =
        target.host + (shown ? " refuses the client certificate" : " demands a client certificate");
    if (is_about_certificate(alert_of(error))) {
        const char* const words = ERR_reason_error_string(static_cast<unsigned long>(error.value()));
        return {errc::client_certificate_refused, what + (words ? ": " + std::string(words) : "")};
    }
    if (!shown && closed_before_admission(ssl, error))
        return {errc::client_certificate_refused, what + ": it asked for one, and closed the connection"};
    return {};
}

tls_failure explain_handshake_failure(SSL* ssl, const endpoint& target, const error_code& error) {
    tls_failure refused = explain_refused_client(ssl, target, error);
    if (refused.error) return refused;
    const long result = SSL_get_verify_result(ssl);
    const std::string reason = X509_verify_cert_error_string(result);
    const std::string of_host = "the certificate of " + target.host;
    switch (result) {
        case X509_V_OK:
            return {errc::tls_handshake_failed,
                    "TLS handshake with " + target.host + " failed: " + error.message()};
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return {errc::certificate_expired, of_host + " has expired"};
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return {errc::certificate_not_yet_valid, of_host + " is not valid yet"};
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            if (has_only_common_name(ssl)) {
                return {errc::certificate_wrong_host,
                        of_host +
                            " names no host but as its common name (CN), which does not count: it needs a "
                            "subjectAltName"};
            }
            return {errc::certificate_wrong_host, of_host + " is for another host"};
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return {errc::certificate_self_signed, of_host + " is self-signed"};
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return {errc::certificate_untrusted,
                    of_host + " is signed by an authority that is not trusted (" + reason + ")"};
        default:
            return {errc::certificate_untrusted, of_host + " is not acceptable: " + reason};
    }
}

}  // namespace stagger
