// A list of prompts over several routes: each prompt goes where it is answered first.
//   example_several_routes http://127.0.0.1:8080/v1 http://127.0.0.1:8081/v1
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <iostream>
#include <stagger/batch.hpp>
#include <stagger/client.hpp>
#include <string>
#include <vector>

namespace asio = boost::asio;

asio::awaitable<void> answer_all(stagger::client llm, std::size_t count) {
    std::vector<std::string> prompts;
    for (std::size_t i = 0; i < count; ++i) prompts.push_back("What is " + std::to_string(i) + " plus one?");
    std::size_t answered = 0;
    std::size_t lost = 0;
    std::size_t refused = 0;
    stagger::batch_results results = stagger::submit(llm, prompts);
    while (auto result = co_await results.async_next()) {
        ++(result->error ? lost : answered);
        refused += result->answer.info.rejections;
    }
    std::cout << answered << " answered, " << lost << " lost, " << refused << " refused\n";
    for (const stagger::route_state& one : llm.route_states())
        std::cout << one.name << " is " << to_string(one.condition) << ", took " << one.attempts << '\n';
}

int main(int count, char** words) {
    try {
        asio::io_context context;
        std::vector<stagger::route> ways;
        for (int i = 1; i < count; ++i) ways.emplace_back(words[i]);
        if (const char* own = std::getenv("OPENAI_BASE_URL")) ways.emplace_back(own);
        stagger::client llm(context.get_executor(), stagger::routes(ways),
                            stagger::client_options().model("m"));
        const char* prompts = std::getenv("PROMPTS");
        asio::co_spawn(context, answer_all(llm, prompts ? std::stoul(prompts) : 30),
                       [](std::exception_ptr failure) {
                           if (failure) std::rethrow_exception(failure);
                       });
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
