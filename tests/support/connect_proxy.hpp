#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <vector>

namespace stagger::test {

/// What a proxy does beside passing bytes on.
struct proxy_habits {
    std::shared_ptr<boost::asio::ssl::context> tls = {};  ///< spoken to by TLS; null: plainly
    std::string authorization = {};  ///< demanded as Proxy-Authorization, else 407; empty: nothing is
    std::string answer = {};         ///< said to whoever asks, in the place of a way; empty: none
    bool hangs_up = false;           ///< closes the connection in the place of an answer
    bool falls_silent = false;       ///< reads, and never answers
};

/** @brief A proxy for HTTP: opens ways by CONNECT, and passes plain requests on.
 *
 * Whatever name it is asked for, it connects to that port of 127.0.0.1: who comes through has looked nothing
 * up. Lives on the test's io_context, on a free port of loopback.
 */
class connect_proxy {
 public:
    explicit connect_proxy(boost::asio::io_context& context, proxy_habits habits = {});
    ~connect_proxy();

    unsigned short port() const;
    /// "http://127.0.0.1:PORT", with `user` ("name:password") where one is given.
    std::string url(const std::string& user = "") const;
    /// The heads of what it was asked, in order of arrival.
    const std::vector<std::string>& heads() const;
    /// Stops accepting.
    void close();

 private:
    struct state;
    std::shared_ptr<state> state_;
};

/// Connects whoever comes to a socket of the Unix domain with a port of 127.0.0.1.
class unix_relay {
 public:
    /// @param path must not exist yet
    unix_relay(boost::asio::io_context& context, const std::string& path, unsigned short port);
    ~unix_relay();

    std::size_t connections() const;

 private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace stagger::test
