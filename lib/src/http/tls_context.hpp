#pragma once

#include <openssl/types.h>

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "http/endpoint.hpp"
#include "stagger/error.hpp"

namespace stagger {

/// Paths of PEM files; empty: none.
struct tls_files {
    std::string ca;
    bool ca_only = false;  ///< the system's authorities are not trusted
    std::string client_certificate;
    std::string client_key;
};

/** @brief Makes a client context: verification on, against the authorities that `files` ask for.
 * @throws std::invalid_argument "ca_file: ..." if the file cannot be read or holds no certificate,
 *         "client_certificate: ..." if one of the two cannot be used, or they do not belong together
 */
boost::asio::ssl::context make_tls_context(const tls_files& files);

/// Prepares one connection: server name indication, and the check that the certificate is for this host.
error_code prepare_tls(SSL* ssl, const endpoint& target);

/// Why a connection by TLS failed; no error: nothing is known beyond what the stream says.
struct tls_failure {
    error_code error;
    std::string message;
};
/// Why a handshake failed, from the verification result that OpenSSL kept.
tls_failure explain_handshake_failure(SSL* ssl, const endpoint& target, const error_code& error);
/// Whether a server ended the connection for want of a certificate that it accepts. With TLS 1.3 that comes
/// behind the handshake, in the place of the first answer; some servers close without a word.
tls_failure explain_refused_client(SSL* ssl, const endpoint& target, const error_code& error);

}  // namespace stagger
