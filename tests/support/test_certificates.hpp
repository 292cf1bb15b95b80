#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

namespace stagger::test {

enum class certificate_kind { good, expired, wrong_host, self_signed, only_common_name };

/// A certificate authority of this process, made anew in each run, and servers it vouches for or not.
class test_certificates {
 public:
    test_certificates();
    ~test_certificates();

    /// Path of a PEM file with the authority; removed with this object.
    const std::string& ca_file() const;
    /// A server context whose certificate is (or, by kind, is not) good for 127.0.0.1 and localhost.
    std::shared_ptr<boost::asio::ssl::context> server(certificate_kind kind) const;
    /// A good server that speaks with nobody who does not show a certificate of this authority.
    /// @param version TLS1_2_VERSION or TLS1_3_VERSION, the only one it speaks
    std::shared_ptr<boost::asio::ssl::context> demanding_server(int version) const;
    /// Paths of PEM files with a certificate for a client and its key.
    struct client_files {
        std::string certificate;
        std::string key;
    };
    client_files client() const;
    /// The same for a server of 127.0.0.1 and localhost, for programs that read files.
    client_files server_files() const;
    /// The same, of an authority that nobody trusts.
    client_files stranger() const;

 private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace stagger::test
