#pragma once

#include <unordered_set>

#include "server/http_server.hpp"

namespace stagger::http_server {

class session;

/// What the connections of one server share. Used on its executor only, but for what never changes.
class server::core : public std::enable_shared_from_this<server::core> {
 public:
    using acceptor_type = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, io_executor>;

    core(acceptor_type listening, const bounds& allowed, std::shared_ptr<service> served);

    void start();
    void close();
    void drain(duration limit, std::function<void()> done);

    void add(session& one);
    void remove(session& one);
    bool is_draining() const { return draining_; }

    const io_executor executor;
    const bounds allowed;
    const std::shared_ptr<service> what;
    acceptor_type acceptor;
    const boost::asio::ip::tcp::endpoint local;

 private:
    io_awaitable<void> accept_all();
    void sweep_later();
    void end_drain();

    io_timer sweeping_;
    std::unordered_set<session*> sessions_;
    bool closed_ = false;
    bool draining_ = false;
    time_point drain_limit_ = never;
    std::function<void()> drained_;
};

}  // namespace stagger::http_server
