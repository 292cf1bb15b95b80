#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "costs.hpp"
#include "http/clock.hpp"
#include "http/connection_pool.hpp"
#include "http/endpoint.hpp"
#include "stopwatch.hpp"

namespace costs {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace stagger;
using namespace std::chrono_literals;

constexpr std::string_view question_bytes = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
constexpr std::string_view reply = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Answers one request, and keeps the connection.
io_awaitable<void> answer_once(tcp::acceptor& listening, tcp::socket& peer) {
    co_await listening.async_accept(peer, asio::deferred);
    std::array<char, 512> came{};
    co_await peer.async_read_some(asio::buffer(came), asio::deferred);
    co_await asio::async_write(peer, asio::buffer(reply), asio::deferred);
}

/// One exchange on a connection, after which the pool keeps it.
class exchange final : public connection_user, public std::enable_shared_from_this<exchange> {
 public:
    explicit exchange(connection_pool::lease& leased) : leased_(leased) {}

    void begin() { leased_->send(shared_from_this(), question_bytes, steady_now(), never); }
    void on_sent(const error_code& error) override {
        if (!error) leased_->read_head(shared_from_this(), never);
    }
    void on_read(const error_code& error) override {
        if (!error && !leased_->answer_is_whole()) leased_->read_rest(shared_from_this(), never);
    }

 private:
    connection_pool::lease& leased_;
};

io_awaitable<void> open_and_ask(connection_pool& pool, connection_pool::lease& leased) {
    if (const error_code error = co_await pool.acquire(never, leased))
        throw boost::system::system_error(error);
    std::make_shared<exchange>(leased)->begin();
}

std::shared_ptr<const connection_settings> settings_for(const io_executor& executor, unsigned short port) {
    auto settings = std::make_shared<connection_settings>();
    settings->target = parse_endpoint("http://127.0.0.1:" + std::to_string(port));
    settings->resolve_timeout = settings->connect_timeout = settings->send_timeout = 10s;
    settings->max_header_bytes = settings->max_body_bytes = 4096;
    settings->names = std::make_shared<name_lookup>(executor, settings->target.host, settings->target.port);
    settings->deadlines = std::make_shared<deadline_queue>(executor);
    settings->memory =
        std::make_shared<answer_memory>(settings->deadlines, std::size_t{1} << 20, std::size_t{1} << 20);
    return settings;
}

}  // namespace

double lease_ns(std::size_t leases) {
    asio::io_context context{1};
    tcp::acceptor listening(context, {asio::ip::address_v4::loopback(), 0});
    tcp::socket peer(context);
    connection_pool pool(context.get_executor(),
                         settings_for(context.get_executor(), listening.local_endpoint().port()), 1, 1h);
    connection_pool::lease leased;
    asio::co_spawn(context, answer_once(listening, peer), asio::detached);
    asio::co_spawn(context, open_and_ask(pool, leased), asio::detached);
    context.run();
    leased.release();

    std::size_t reused = 0;
    const stopwatch watch;
    for (std::size_t each = 0; each < leases; ++each) {
        connection_pool::lease again;
        if (pool.take_idle(steady_now(), again)) ++reused;
    }
    const double seconds = watch.seconds();
    if (reused != leases) {
        throw std::system_error(std::make_error_code(std::errc::not_connected), "a kept connection was lost");
    }
    return seconds / static_cast<double>(leases) * 1e9;
}

double peek_ns(std::size_t peeks) {
    asio::io_context context{1};
    tcp::acceptor listening(context, {asio::ip::address_v4::loopback(), 0});
    tcp::socket one(context);
    one.connect(listening.local_endpoint());
    const tcp::socket other = listening.accept();
    char byte = 0;
    std::size_t silent = 0;
    const stopwatch watch;
    for (std::size_t each = 0; each < peeks; ++each) {
        if (recv(one.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0) ++silent;
    }
    return watch.seconds() / static_cast<double>(silent) * 1e9;
}

}  // namespace costs
