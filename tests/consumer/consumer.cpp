// Somebody else's program: includes the client, awaits it, and needs no server for that.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <stagger/stagger.hpp>

#if !defined(STAGGER_VERSION) || STAGGER_VERSION < 100
#error "stagger/stagger.hpp brings the version"
#endif

namespace asio = boost::asio;

static asio::awaitable<bool> a_closed_client_answers() {
    stagger::client_options options;
    options.base_url("http://127.0.0.1:9/v1").model("demo");
    stagger::client llm(co_await asio::this_coro::executor, options);
    llm.close();
    stagger::completion_request request("Why is the sky blue?");
    auto [error, answer] = co_await llm.async_complete(request, asio::as_tuple(asio::deferred));
    co_return error == stagger::errc::shut_down&& answer.text.empty();
}

int main() {
    asio::io_context context;
    bool passed = false;
    asio::co_spawn(context, a_closed_client_answers(),
                   [&](std::exception_ptr failure, bool result) { passed = !failure && result; });
    context.run();
    std::puts(passed ? "the client was closed, as it should be" : "the client did not end as shut down");
    return passed ? 0 : 1;
}
