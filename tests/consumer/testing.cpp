// Somebody else's test: its program takes a client, and is given one without a network.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <stagger/stagger.hpp>
#include <stagger/testing/fake_client.hpp>
#include <string>

namespace asio = boost::asio;
using stagger::testing::fake_answer;

static asio::awaitable<std::string> explain(stagger::client llm) {
    const stagger::completion_request request("Why is the sky blue?");
    try {
        const stagger::completion answer = co_await llm.async_complete(request);
        co_return answer.text;
    } catch (const stagger::completion_error& error) {
        co_return "failed: " + error.info().message;
    }
}

int main() {
    asio::io_context context;
    const stagger::testing::fake_client fake(context.get_executor(),
                                             {fake_answer::text("Because of Rayleigh."),
                                              fake_answer::failure(stagger::errc::forbidden, "not you")});
    std::string said;
    for (int i = 0; i < 2; ++i) {
        asio::co_spawn(context, explain(fake.client()),
                       [&](std::exception_ptr, const std::string& text) { said += text + '\n'; });
        context.restart();
        context.run();
    }
    std::fputs(said.c_str(), stdout);
    return said == "Because of Rayleigh.\nfailed: not you\n" ? 0 : 1;
}
