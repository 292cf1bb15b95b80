// One completion, printed as it is made.
//   OPENAI_BASE_URL=http://127.0.0.1:8080/v1 example_stream
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <iostream>
#include <stagger/client.hpp>

namespace asio = boost::asio;

asio::awaitable<void> tell(stagger::client llm) {
    // snippet begin
    const auto request = stagger::completion_request("Why is the sky blue?").max_new_tokens(64);
    std::size_t pieces = 0;
    auto stream = co_await llm.async_stream(request);
    while (auto delta = co_await stream.async_next()) {
        std::cout << delta->text << std::flush;
        pieces += delta->text.empty() ? 0 : 1;
    }
    const stagger::completion& whole = stream.result();
    // snippet end
    std::cout << "\n"
              << pieces << " pieces, " << whole.text.size() << " characters, "
              << whole.usage.completion_tokens.value_or(0) << " tokens, ended by " << whole.finish_reason
              << "\n";
}

int main() {
    const char* base_url = std::getenv("OPENAI_BASE_URL");
    const char* key = std::getenv("OPENAI_API_KEY");
    try {
        stagger::client_options options;
        options.base_url(base_url ? base_url : "").api_key(key ? key : "").model("llama-2-7b");
        asio::io_context context;
        stagger::client llm(context.get_executor(), options);
        asio::co_spawn(context, tell(llm), [](std::exception_ptr failure) {
            if (failure) std::rethrow_exception(failure);
        });
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
