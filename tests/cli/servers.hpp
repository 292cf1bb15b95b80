#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <thread>

#include "cli/child.hpp"
#include "support/scripted_peer.hpp"
#include "support/temporary_folder.hpp"

/// The throttled server as a program of its own.
class throttled_server {
 public:
    /// @param limits, latency of the scenario's provider, as JSON; further members of it may follow the
    /// latency
    explicit throttled_server(const std::string& limits, const std::string& latency,
                              const std::string& key = "", const std::vector<std::string>& options = {});

    std::string base_url() const { return "http://127.0.0.1:" + port_ + "/v1"; }
    unsigned short port_number() const { return static_cast<unsigned short>(std::stoul(port_)); }
    /// A number of GET /stats.
    std::size_t stat(const std::string& name) const;
    void signal(int number) { server_->signal(number); }

 private:
    temporary_folder folder_;
    std::unique_ptr<child> server_;
    std::string port_;
};

/// A peer that says what a test tells it, on a thread of its own.
class scripted_server {
 public:
    explicit scripted_server(std::vector<stagger::test::scripted_peer::script> scripts,
                             std::shared_ptr<boost::asio::ssl::context> tls = nullptr);
    ~scripted_server();

    std::string base_url() const { return url_; }
    /// Ends it; what it received, in order.
    std::vector<std::string> requests();

 private:
    void stop();

    boost::asio::io_context context_;
    std::unique_ptr<stagger::test::scripted_peer> peer_;
    std::string url_;
    std::thread thread_;
};

/// Accepts, reads a request, and never answers.
class silent_server {
 public:
    silent_server();
    ~silent_server();

    std::string base_url() const;
    /// Returns when a whole request has arrived.
    void await_request();

 private:
    int listener_ = -1;
    int connection_ = -1;
    unsigned short port_ = 0;
};
