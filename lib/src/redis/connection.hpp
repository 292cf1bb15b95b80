#pragma once

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/io_types.hpp"
#include "redis/redis_address.hpp"
#include "redis/reply.hpp"

namespace stagger::redis {

/// Who uses a connection, and is told on its executor what becomes of it.
class connection_user {
 public:
    /// Connected and let in; also after it was lost.
    virtual void on_up() = 0;
    /// Lost, or not to be had; it is tried again. @param problem for people, without a password
    virtual void on_down(const std::string& problem) = 0;
    /// Somebody published that to a channel that was subscribed.
    virtual void on_message(const std::string& channel, const std::string& text) {
        (void)channel;
        (void)text;
    }

 protected:
    ~connection_user() = default;
};

/** @brief A connection to a store that is kept up: opened again whenever it is lost, with growing pauses.
 *
 * Commands are sent at once and answered in order; what was not answered when the connection was lost is
 * answered by nobody. Every step has a time limit, so that a store that swallows everything is noticed.
 * Everything runs on the executor, one handler at a time.
 */
class connection : public std::enable_shared_from_this<connection> {
 public:
    /// Connecting, TLS and letting in, together.
    static constexpr duration opens_within = std::chrono::seconds(3);
    /// Each command, unless the user can wait longer. A store that is that slow carries no slot in time.
    static constexpr duration usual_patience = std::chrono::seconds(1);

    using answer = std::function<void(const reply&)>;

    /// @param tls null for plain TCP
    /// @param answers_within of each command; a connection that does not keep to it is lost
    connection(io_executor executor, redis_address address, std::shared_ptr<boost::asio::ssl::context> tls,
               connection_user& user, duration answers_within = usual_patience);

    void start();
    /// Nothing is told any more.
    void stop();
    bool is_up() const { return is_up_; }
    /// Given up and opened again, after a pause.
    void open_again() { close(); }

    /// Nothing happens where it is not up. @param then may be empty
    void send(const std::vector<std::string>& words, answer then = {});
    /// From then on it is for messages alone. Subscribing again is up to the user, in `on_up`.
    /// @param then once all of them are
    void subscribe(const std::vector<std::string>& channels, answer then = {});
    void unsubscribe(const std::string& channel);

 private:
    struct waiting {
        time_point since;
        answer then;
    };
    using io = io_awaitable<void>;

    io run();
    io_awaitable<std::string> open();
    io_awaitable<std::string> let_in();
    io_awaitable<std::string> serve();
    io_awaitable<std::string> read_more();
    io_awaitable<std::string> next_reply(reply& into);
    io write();
    io keep_time();
    void write_soon(const std::string& bytes);
    void close();
    std::string take(const reply& got);
    std::string explain(const reply& refusal) const;

    const io_executor executor_;
    const redis_address address_;
    const std::shared_ptr<boost::asio::ssl::context> tls_context_;
    connection_user* user_;  // null once it is stopped
    const duration answers_within_;
    io_socket socket_;
    std::shared_ptr<boost::asio::ssl::stream<io_socket&>> tls_;  // whoever reads or writes holds it, too
    io_timer pause_;
    io_timer watch_;
    std::unique_ptr<reply_parser> parser_;
    std::array<char, 16 * 1024> in_{};
    std::string unsent_;
    bool is_writing_ = false;
    bool is_up_ = false;
    bool is_subscriber_ = false;
    bool is_late_ = false;
    time_point opening_until_ = never;
    time_point pinged_at_{};
    std::deque<waiting> waiting_;
};

}  // namespace stagger::redis
