// The same program, awaiting a completion.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>

#include "stagger/client.hpp"

namespace asio = boost::asio;

asio::awaitable<void> ask() {
    stagger::client_options options;
    options.base_url("http://127.0.0.1:8080/v1").model("llama-2-7b");
    stagger::client llm(co_await asio::this_coro::executor, options);
    stagger::completion_request request("Why is the sky blue?");
    const stagger::completion answer = co_await llm.async_complete(request);
    std::puts(answer.text.c_str());
}

int main() {
    asio::io_context context;
    asio::co_spawn(context, ask(), asio::detached);
    context.run();
}
