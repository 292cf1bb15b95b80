#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace stagger::test {

/** @brief A TCP server whose every move a test writes down: one coroutine a connection.
 *
 * Connections stay open after their coroutine has ended, until they are closed or the peer is. Lives on the
 * test's io_context.
 */
class raw_peer {
 public:
    using socket = boost::asio::ip::tcp::socket;
    using behaviour = std::function<boost::asio::awaitable<void>(socket&, std::size_t number)>;

    raw_peer(boost::asio::io_context& context, behaviour what)
        : state_(std::make_shared<state>(context, std::move(what))) {
        spawn(accept(state_));
    }
    ~raw_peer() { close(); }

    std::string url(const std::string& scheme = "http") const {
        return scheme + "://127.0.0.1:" + std::to_string(state_->acceptor.local_endpoint().port()) + "/v1";
    }
    std::size_t connections() const { return state_->sockets.size(); }
    socket& connection(std::size_t number) const { return *state_->sockets.at(number); }
    void close() {
        boost::system::error_code ignored;
        state_->acceptor.close(ignored);
        for (const auto& one : state_->sockets) one->close(ignored);
    }

 private:
    struct state {
        state(boost::asio::io_context& context, behaviour said)
            : acceptor(context, {boost::asio::ip::address_v4::loopback(), 0}), what(std::move(said)) {}
        boost::asio::ip::tcp::acceptor acceptor;
        behaviour what;
        std::vector<std::shared_ptr<socket>> sockets;
    };

    void spawn(boost::asio::awaitable<void> work) {
        boost::asio::co_spawn(state_->acceptor.get_executor(), std::move(work), [](std::exception_ptr) {});
    }
    static boost::asio::awaitable<void> talk(std::shared_ptr<state> my, std::size_t number) {
        const auto stream = my->sockets[number];
        co_await my->what(*stream, number);
    }
    static boost::asio::awaitable<void> accept(std::shared_ptr<state> my) {
        constexpr auto with_error = boost::asio::as_tuple(boost::asio::deferred);
        while (my->acceptor.is_open()) {
            auto [error, accepted] = co_await my->acceptor.async_accept(with_error);
            if (error || !my->acceptor.is_open()) co_return;
            my->sockets.push_back(std::make_shared<socket>(std::move(accepted)));
            boost::asio::co_spawn(my->acceptor.get_executor(), talk(my, my->sockets.size() - 1),
                                  [](std::exception_ptr) {});
        }
    }

    std::shared_ptr<state> state_;
};

/// Reads one whole request, into `request` where one is given; false at the end of the stream. `unread` keeps
/// what comes behind it.
inline boost::asio::awaitable<bool> read_request(raw_peer::socket& from, std::string& unread,
                                                 std::string* request = nullptr) {
    constexpr auto with_error = boost::asio::as_tuple(boost::asio::deferred);
    const std::string length_name = "Content-Length: ";
    for (;;) {
        const auto end = unread.find("\r\n\r\n");
        const auto length = unread.find(length_name);
        if (end != std::string::npos && length < end) {
            const std::size_t whole = end + 4 + std::stoul(unread.substr(length + length_name.size()));
            if (unread.size() >= whole) {
                if (request) *request = unread.substr(0, whole);
                unread.erase(0, whole);
                co_return true;
            }
        }
        char piece[16384];
        const auto buffer = boost::asio::buffer(piece);
        const auto [error, count] = co_await from.async_read_some(buffer, with_error);
        if (error) co_return false;
        unread.append(piece, count);
    }
}

inline boost::asio::awaitable<bool> say(raw_peer::socket& to, std::string bytes) {
    constexpr auto with_error = boost::asio::as_tuple(boost::asio::deferred);
    const auto buffer = boost::asio::buffer(bytes);
    const auto [error, count] = co_await boost::asio::async_write(to, buffer, with_error);
    co_return !error;
}

/// Closes with a reset instead of an orderly end.
inline void reset_connection(raw_peer::socket& one) {
    boost::system::error_code ignored;
    one.set_option(boost::asio::socket_base::linger(true, 0), ignored);
    one.close(ignored);
}

}  // namespace stagger::test
