#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

namespace stagger::test {

enum class certificate_kind { good, expired, wrong_host, self_signed };

/// A certificate authority of this process, made anew in each run, and servers it vouches for or not.
class test_certificates {
 public:
    test_certificates();
    ~test_certificates();

    /// Path of a PEM file with the authority; removed with this object.
    const std::string& ca_file() const;
    /// A server context whose certificate is (or, by kind, is not) good for 127.0.0.1 and localhost.
    std::shared_ptr<boost::asio::ssl::context> server(certificate_kind kind) const;

 private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace stagger::test
