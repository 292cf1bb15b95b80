// What a retry policy costs under throttling: the same prompts, coordinated and with every task on its own.
//   OPENAI_BASE_URL=http://127.0.0.1:8080/v1 example_measure_throttling
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <stagger/batch.hpp>
#include <stagger/client.hpp>
#include <string>
#include <vector>

namespace asio = boost::asio;

namespace {

constexpr int prompts_per_policy = 60;

}  // namespace

// snippet begin
asio::awaitable<void> measure(std::string policy, stagger::client llm) {
    const auto started = std::chrono::steady_clock::now();
    unsigned answered = 0, refused = 0;
    std::vector<std::string> prompts(prompts_per_policy, "Why is the sky blue?");
    stagger::batch_results results = stagger::submit(llm, prompts);
    while (auto result = co_await results.async_next()) {
        answered += !result->error;
        refused += result->answer.info.rejections;
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - started;
    std::cout << policy << ": " << answered / elapsed.count() << " answers a second, "
              << prompts.size() - answered << " lost, " << refused << " rejections\n";
}

void compare(asio::io_context& context, stagger::client_options options) {
    stagger::client coordinated(context.get_executor(), options);
    asio::co_spawn(context, measure("coordinated", coordinated), asio::detached);
    context.run();

    using std::chrono::seconds;
    options.retry(stagger::retry_policy().max_attempts(6))
        .backoff(stagger::backoff_policy::random_exponential(seconds(1), seconds(60), seconds(1)))
        .backoff_after_rejection(true);
    const auto unpaced = stagger::coordinator_options().pacing(stagger::pacing_kind::unpaced);
    stagger::client alone(context.get_executor(), options, unpaced);
    asio::co_spawn(context, measure("each task alone", alone), asio::detached);
    context.restart();
    context.run();
}
// snippet end

int main() {
    const char* base_url = std::getenv("OPENAI_BASE_URL");
    try {
        asio::io_context context;
        stagger::client_options options;
        options.base_url(base_url ? base_url : "").model("llama-2-7b");
        std::cout << std::fixed << std::setprecision(1);
        compare(context, options);
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
