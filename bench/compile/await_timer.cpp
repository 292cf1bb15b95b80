// What an Asio program costs to compile before it sends anything.
#include <boost/asio.hpp>
#include <chrono>

namespace asio = boost::asio;

asio::awaitable<void> wait() {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
    co_await timer.async_wait(asio::use_awaitable);
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, wait(), asio::detached);
    context.run();
}
