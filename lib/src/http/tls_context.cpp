#include "http/tls_context.hpp"

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/ssl/error.hpp>
#include <stdexcept>

namespace stagger {

namespace ssl = boost::asio::ssl;

ssl::context make_tls_context(const std::string& ca_file) {
    ssl::context context(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    context.set_verify_mode(ssl::verify_peer);
    context.set_default_verify_paths();
    if (!ca_file.empty()) {
        error_code error;
        context.load_verify_file(ca_file, error);
        if (error) {
            throw std::invalid_argument("ca_file: must be a readable PEM file with certificates, is \"" +
                                        ca_file + "\" (" + error.message() + ")");
        }
    }
    return context;
}

namespace {

// What the macro SSL_set_tlsext_host_name does, without its casts. The library copies the name.
bool name_server(SSL* ssl, std::string host) {
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) == 1;
}

}  // namespace

error_code prepare_tls(SSL* ssl, const endpoint& target) {
    X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool set = target.host_is_address
                         ? X509_VERIFY_PARAM_set1_ip_asc(rules, target.host.c_str()) == 1
                         : SSL_set1_host(ssl, target.host.c_str()) == 1 && name_server(ssl, target.host);
    return set ? error_code() : errc::tls_handshake_failed;
}

tls_failure explain_handshake_failure(SSL* ssl, const endpoint& target, const error_code& error) {
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
