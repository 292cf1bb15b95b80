// One completion, awaited.
//   OPENAI_BASE_URL=http://127.0.0.1:8080/v1 example_complete
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <iostream>
#include <stagger/client.hpp>

namespace asio = boost::asio;

asio::awaitable<void> ask(asio::any_io_executor executor, std::string base_url, std::string key) {
    // snippet begin
    stagger::client_options options;
    options.base_url(base_url).api_key(key).model("llama-2-7b");
    stagger::client llm(executor, options);

    auto request = stagger::completion_request("Why is the sky blue?").max_new_tokens(64);
    stagger::completion answer = co_await llm.async_complete(request);
    std::cout << answer.text << '\n';
    // snippet end
}

int main() {
    const char* base_url = std::getenv("OPENAI_BASE_URL");
    const char* key = std::getenv("OPENAI_API_KEY");
    try {
        asio::io_context context;
        asio::co_spawn(context, ask(context.get_executor(), base_url ? base_url : "", key ? key : ""),
                       [](std::exception_ptr failure) {
                           if (failure) std::rethrow_exception(failure);
                       });
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
