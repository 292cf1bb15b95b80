#include "support/connect_proxy.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace stagger::test {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto with_code = asio::as_tuple(asio::deferred);
using tls_socket = asio::ssl::stream<tcp::socket>;

template <class Stream>
void hang_up(Stream& stream) {
    boost::system::error_code ignored;
    stream.lowest_layer().close(ignored);
}

/// What comes from one goes to the other, until one of them has ended.
template <class From, class To>
asio::awaitable<void> pass_on(std::shared_ptr<From> from, std::shared_ptr<To> to) {
    std::array<char, 16384> piece;
    const auto room = asio::buffer(piece);
    for (;;) {
        const auto [unread, count] = co_await from->async_read_some(room, with_code);
        if (unread) break;
        const auto bytes = asio::buffer(piece.data(), count);
        const auto [unsent, sent] = co_await asio::async_write(*to, bytes, with_code);
        if (unsent) break;
    }
    hang_up(*from);
    hang_up(*to);
}

template <class One, class Other>
void join(const std::shared_ptr<One>& one, const std::shared_ptr<Other>& other) {
    asio::co_spawn(one->get_executor(), pass_on(one, other), asio::detached);
    asio::co_spawn(one->get_executor(), pass_on(other, one), asio::detached);
}

template <class Stream>
asio::awaitable<bool> say(std::shared_ptr<Stream> to, std::string bytes) {
    const auto buffer = asio::buffer(bytes);
    const auto [error, count] = co_await asio::async_write(*to, buffer, with_code);
    co_return !error;
}

asio::awaitable<std::shared_ptr<tcp::socket>> connected(asio::any_io_executor executor, unsigned short port) {
    auto made = std::make_shared<tcp::socket>(executor);
    const tcp::endpoint where(asio::ip::address_v4::loopback(), port);
    const auto [error] = co_await made->async_connect(where, with_code);
    co_return error ? nullptr : made;
}

/// What stands between the first and the second blank.
std::string target_of(const std::string& head) {
    const auto begin = head.find(' ') + 1;
    return head.substr(begin, head.find(' ', begin) - begin);
}

unsigned short port_of(const std::string& target) {
    const auto scheme = target.find("://");
    const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
    const auto authority = target.substr(begin, target.find('/', begin) - begin);
    return static_cast<unsigned short>(std::stoul(authority.substr(authority.rfind(':') + 1)));
}

/// As the server is to read it: a path in the place of the whole URL.
std::string with_path(std::string request) {
    const auto begin = request.find("http://");
    return request.erase(begin, request.find('/', begin + 7) - begin);
}

}  // namespace

struct connect_proxy::state {
    state(asio::io_context& context, proxy_habits chosen)
        : acceptor(context, {asio::ip::address_v4::loopback(), 0}), habits(std::move(chosen)) {}

    template <class Stream>
    static asio::awaitable<void> serve(std::shared_ptr<state> my, std::shared_ptr<Stream> client) {
        std::string request;
        std::array<char, 4096> piece;
        const auto room = asio::buffer(piece);
        while (request.find("\r\n\r\n") == std::string::npos) {
            const auto [error, count] = co_await client->async_read_some(room, with_code);
            if (error) co_return;
            request.append(piece.data(), count);
        }
        my->heads.push_back(request.substr(0, request.find("\r\n\r\n")));
        const std::string wanted = "Proxy-Authorization: " + my->habits.authorization + "\r\n";
        const bool known = my->habits.authorization.empty() || request.find(wanted) != std::string::npos;
        std::string refusal = my->habits.answer;
        if (!known) {
            refusal =
                "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\n"
                "Content-Length: 0\r\nConnection: close\r\n\r\n";
        }
        if (my->habits.falls_silent) {
            co_await client->async_read_some(room, with_code);
            co_return;
        }
        if (my->habits.hangs_up || !refusal.empty()) {
            if (!my->habits.hangs_up) co_await say(client, refusal);
            hang_up(*client);
            co_return;
        }
        const std::string target = target_of(request);
        const auto server = co_await connected(client->get_executor(), port_of(target));
        if (!server) {
            co_await say(client, std::string("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"));
            hang_up(*client);
            co_return;
        }
        const bool tunnel = request.starts_with("CONNECT ");
        if (tunnel) {
            if (!co_await say(client, std::string("HTTP/1.1 200 Connection established\r\n\r\n"))) co_return;
        } else if (!co_await say(server, with_path(request))) {
            co_return;
        }
        join(client, server);
    }

    static asio::awaitable<void> accept(std::shared_ptr<state> my) {
        for (;;) {
            auto [error, accepted] = co_await my->acceptor.async_accept(with_code);
            if (error) co_return;
            if (my->habits.tls) {
                auto client = std::make_shared<tls_socket>(std::move(accepted), *my->habits.tls);
                asio::co_spawn(my->acceptor.get_executor(), shake_hands(my, client), asio::detached);
            } else {
                auto client = std::make_shared<tcp::socket>(std::move(accepted));
                asio::co_spawn(my->acceptor.get_executor(), serve(my, client), asio::detached);
            }
        }
    }

    static asio::awaitable<void> shake_hands(std::shared_ptr<state> my, std::shared_ptr<tls_socket> client) {
        const auto [error] = co_await client->async_handshake(asio::ssl::stream_base::server, with_code);
        if (!error) co_await serve(my, client);
    }

    tcp::acceptor acceptor;
    const proxy_habits habits;
    std::vector<std::string> heads;
};

connect_proxy::connect_proxy(asio::io_context& context, proxy_habits habits)
    : state_(std::make_shared<state>(context, std::move(habits))) {
    asio::co_spawn(context, state::accept(state_), asio::detached);
}

connect_proxy::~connect_proxy() {
    close();
}

unsigned short connect_proxy::port() const {
    return state_->acceptor.local_endpoint().port();
}

std::string connect_proxy::url(const std::string& user) const {
    return (state_->habits.tls ? "https://" : "http://") + (user.empty() ? "" : user + "@") +
           "127.0.0.1:" + std::to_string(port());
}

const std::vector<std::string>& connect_proxy::heads() const {
    return state_->heads;
}

void connect_proxy::close() {
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
}

struct unix_relay::state {
    state(asio::io_context& context, const std::string& path, unsigned short to)
        : acceptor(context, asio::local::stream_protocol::endpoint(path)), port(to) {}

    static asio::awaitable<void> accept(std::shared_ptr<state> my) {
        for (;;) {
            auto [error, accepted] = co_await my->acceptor.async_accept(with_code);
            if (error) co_return;
            ++my->connections;
            auto client = std::make_shared<asio::local::stream_protocol::socket>(std::move(accepted));
            const auto server = co_await connected(my->acceptor.get_executor(), my->port);
            if (server) join(client, server);
        }
    }

    asio::local::stream_protocol::acceptor acceptor;
    const unsigned short port;
    std::size_t connections = 0;
};

unix_relay::unix_relay(asio::io_context& context, const std::string& path, unsigned short port)
    : state_(std::make_shared<state>(context, path, port)) {
    asio::co_spawn(context, state::accept(state_), asio::detached);
}

unix_relay::~unix_relay() {
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
}

std::size_t unix_relay::connections() const {
    return state_->connections;
}

}  // namespace stagger::test
