// What to do about a request that failed, and how long it may take.
//   OPENAI_BASE_URL=http://127.0.0.1:8080/v1 example_errors
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stagger/client.hpp>

namespace asio = boost::asio;

asio::awaitable<void> ask(stagger::client llm, stagger::completion_request request) {
    // snippet begin
    const auto both = asio::as_tuple(asio::use_awaitable);
    const auto [error, answer] = co_await llm.async_complete(request, both);
    if (!error) {
        std::cout << answer.text << '\n';
    } else if (error == stagger::condition::permanent) {
        std::cout << "the same request fails again: " << answer.info.message << '\n';
    } else if (error == stagger::condition::timed_out) {
        std::cout << "too late while " << stagger::to_string(answer.info.phase) << ", after "
                  << answer.info.attempts << " attempts\n";
    }
    // snippet end
}

int main() {
    const char* base_url = std::getenv("OPENAI_BASE_URL");
    const char* key = std::getenv("OPENAI_API_KEY");
    try {
        stagger::client_options options;
        options.base_url(base_url ? base_url : "").api_key(key ? key : "").model("llama-2-7b");
        asio::io_context context;
        const auto start = [&](const stagger::client& llm, const stagger::completion_request& request) {
            asio::co_spawn(context, ask(llm, request), [](std::exception_ptr failure) {
                if (failure) std::rethrow_exception(failure);
            });
        };
        start(stagger::client(context.get_executor(), options),
              stagger::completion_request("Why is the sky blue?").temperature(3));
        // Less than the server takes for an answer.
        options.deadline(std::chrono::milliseconds(5));
        start(stagger::client(context.get_executor(), options),
              stagger::completion_request("Why is the sky blue?"));
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
