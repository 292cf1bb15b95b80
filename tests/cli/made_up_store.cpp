#include "cli/made_up_store.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <utility>

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;

namespace {

using shared_socket = std::shared_ptr<tcp::socket>;

// Ends by what is thrown when one side has gone; the other is closed with it.
made_up_store::io relay(shared_socket from, shared_socket to, std::chrono::milliseconds late) {
    asio::steady_timer pause(from->get_executor());
    std::array<char, 64 * 1024> block{};
    try {
        for (;;) {
            const auto count = co_await from->async_read_some(asio::buffer(block), use_awaitable);
            pause.expires_after(late);
            co_await pause.async_wait(use_awaitable);
            co_await asio::async_write(*to, asio::buffer(block.data(), count), use_awaitable);
        }
    } catch (const std::exception&) {
        boost::system::error_code ignored;
        from->close(ignored);
        to->close(ignored);
    }
}

made_up_store::io pass_on(tcp::socket client, unsigned short port, std::chrono::milliseconds late) {
    const auto here = std::make_shared<tcp::socket>(std::move(client));
    const auto there = std::make_shared<tcp::socket>(here->get_executor());
    const tcp::endpoint store(asio::ip::address_v4::loopback(), port);
    co_await there->async_connect(store, use_awaitable);
    asio::co_spawn(here->get_executor(), relay(here, there, std::chrono::milliseconds(0)), asio::detached);
    co_await relay(there, here, late);
}

/// Commands are answered one read at a time: whoever asks waits for the answer.
made_up_store::io answer(tcp::socket client, std::string to_hello) {
    std::array<char, 4096> block{};
    for (;;) {
        const auto count = co_await client.async_read_some(asio::buffer(block), use_awaitable);
        const bool is_hello = std::string_view(block.data(), count).find("HELLO") != std::string_view::npos;
        const std::string said = is_hello ? to_hello : "+PONG\r\n";
        co_await asio::async_write(client, asio::buffer(said), use_awaitable);
    }
}

}  // namespace

made_up_store::made_up_store(conversation each)
    : acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      each_(std::move(each)),
      port_(acceptor_.local_endpoint().port()) {
    asio::co_spawn(context_, accept(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
}

made_up_store::~made_up_store() {
    context_.stop();
    thread_.join();
}

made_up_store::io made_up_store::accept() {
    for (;;) {
        tcp::socket client = co_await acceptor_.async_accept(use_awaitable);
        // What ends it is the client, or the test.
        asio::co_spawn(context_, each_(std::move(client)), asio::detached);
    }
}

made_up_store::conversation made_up_store::of_old() {
    return says("-ERR unknown command 'HELLO'\r\n");
}

made_up_store::conversation made_up_store::says(std::string to_hello) {
    return [to_hello](tcp::socket client) { return answer(std::move(client), to_hello); };
}

made_up_store::conversation made_up_store::slow(unsigned short port, std::chrono::milliseconds late) {
    return [port, late](tcp::socket client) { return pass_on(std::move(client), port, late); };
}
