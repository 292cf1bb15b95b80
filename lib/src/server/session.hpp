#pragma once

#include <memory>
#include <optional>
#include <string>

#include "server/request_parser.hpp"
#include "server/server_core.hpp"

namespace stagger::http_server {

/// One connection: takes requests off it one after the other, and is the exchange of each.
class session final : public std::enable_shared_from_this<session>, private exchange {
 public:
    session(std::shared_ptr<server::core> home, io_socket accepted);
    ~session();

    io_awaitable<void> run();
    void close() override;
    /// No request has begun.
    bool is_idle() const { return !serving_ && !lingering_ && !parser_.begun(); }
    bool overdue(time_point now) const { return deadline_ <= now; }

 private:
    request& asked() override { return parser_.current(); }
    io_awaitable<bool> whole(const answer_head& head, std::string_view body) override;
    void head(const answer_head& head) override;
    io_awaitable<bool> write(std::string_view piece) override;
    io_awaitable<bool> finish(std::string_view last) override;
    io_awaitable<bool> interim(unsigned status) override;
    bool departed() const override { return departed_; }
    void on_departure(std::function<void()> told) override { told_ = std::move(told); }

    /// False when nothing more can be read. A request that breaks a bound or the protocol sets `refused_`.
    io_awaitable<bool> read_request();
    /// Tells a client that asks before it sends a body to send it.
    io_awaitable<void> invite_body();
    io_awaitable<void> serve();
    io_awaitable<void> refuse(unsigned status);
    io_awaitable<bool> send(std::string_view bytes);
    /// Lets the client take the last answer; a close with unread bytes in the socket would reset the
    /// connection.
    io_awaitable<void> linger();
    void append_piece(std::string_view piece);
    std::string_view connection_value() const;
    void watch_for_departure();
    void look_for_departure();
    void depart();

    const std::shared_ptr<server::core> home_;
    io_socket socket_;
    request_parser parser_;
    unsigned refused_ = 0;  // status of the answer before the connection is closed
    bool keep_alive_ = true;
    bool http_1_1_ = true;  // the client knows chunks
    bool is_head_ = false;  // asked for the head of an answer alone
    bool invited_ = false;
    bool serving_ = false;
    bool lingering_ = false;
    bool departed_ = false;
    bool watching_ = false;
    time_point deadline_ = never;
    std::function<void()> told_;

    // Of the answer.
    std::string unsent_;
    bool headed_ = false;
    bool finished_ = false;
    bool chunked_ = false;
    std::optional<std::uint64_t> length_left_;
};

}  // namespace stagger::http_server
