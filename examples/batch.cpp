// A list of prompts, answered as fast as the server admits them.
//   OPENAI_BASE_URL=http://127.0.0.1:8080/v1 example_batch
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <iostream>
#include <stagger/batch.hpp>
#include <stagger/client.hpp>
#include <string>
#include <vector>

namespace asio = boost::asio;

asio::awaitable<void> answer_all(stagger::client llm, std::vector<std::string> prompts) {
    // snippet begin
    stagger::batch_results results = stagger::submit(llm, prompts);
    while (auto result = co_await results.async_next()) {
        if (result->error) {
            std::cerr << result->custom_id << ": " << result->error.message() << '\n';
        } else {
            std::cout << result->custom_id << ": " << result->answer.text << '\n';
        }
    }
    // snippet end
}

int main() {
    const std::vector<std::string> prompts = {
        "How long does a hard-boiled egg take?",
        "Name three rivers in Portugal.",
        "Translate 'good night' into Welsh.",
        "What does a monad do?",
        "Why do cats purr?",
        "Give me a limerick about rain.",
    };
    const char* base_url = std::getenv("OPENAI_BASE_URL");
    try {
        asio::io_context context;
        stagger::client_options options;
        options.base_url(base_url ? base_url : "").model("llama-2-7b");
        stagger::client llm(context.get_executor(), options);
        asio::co_spawn(context, answer_all(llm, prompts), [](std::exception_ptr failure) {
            if (failure) std::rethrow_exception(failure);
        });
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
