#pragma once

#include <openssl/types.h>

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "http/endpoint.hpp"
#include "stagger/error.hpp"

namespace stagger {

/** @brief Makes a client context: verification on, the system's authorities and those of `ca_file` trusted.
 * @throws std::invalid_argument "ca_file: ..." if the file cannot be read or holds no certificate
 */
boost::asio::ssl::context make_tls_context(const std::string& ca_file);

/// Prepares one connection: server name indication, and the check that the certificate is for this host.
error_code prepare_tls(SSL* ssl, const endpoint& target);

/// Why a handshake failed, from the verification result that OpenSSL kept.
struct tls_failure {
    error_code error;
    std::string message;
};
tls_failure explain_handshake_failure(SSL* ssl, const endpoint& target, const error_code& error);

}  // namespace stagger
