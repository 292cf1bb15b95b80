// Python's backoff, as many guides to rate limits show it:
//
//   @backoff.on_exception(backoff.expo, llmengine.errors.RateLimitExceededError)
//   def completion_with_backoff(**kwargs):
//       return llmengine.Completion.create(**kwargs)
//
//   LLM_ENGINE_BASE_PATH=http://127.0.0.1:8080 example_backoff_style [CALLS [MILLISECONDS]]
//
// CALLS at once, default 1; MILLISECONDS that a second of the policy lasts, default 1000.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <stagger/client.hpp>
#include <stagger/retry.hpp>

namespace asio = boost::asio;

namespace {

void print_wait(const stagger::retry_state& state) {
    std::cout << "attempt " << state.attempts << ": " << state.outcome->message() << "; next one in "
              << stagger::to_seconds(state.next_wait) << " s\n";
}

}  // namespace

// snippet begin
asio::awaitable<stagger::completion> completion_with_backoff(stagger::client llm,
                                                             stagger::completion_request request,
                                                             std::chrono::milliseconds second) {
    const auto policy = stagger::retry_policy()
                            .retry_on(stagger::retry_if_error(stagger::errc::rate_limited))
                            .before_sleep(print_wait);
    const auto wait = stagger::backoff_policy::expo_full_jitter(second);
    const auto create = [&] { return llm.async_complete(request, asio::use_awaitable); };
    co_return co_await stagger::async_retry(create, policy, wait);
}
// snippet end

int main(int argc, char** argv) {
    const char* base_url = std::getenv("LLM_ENGINE_BASE_PATH");
    const char* key = std::getenv("SCALE_API_KEY");
    const int calls = argc > 1 ? std::atoi(argv[1]) : 1;
    const std::chrono::milliseconds second(argc > 2 ? std::atoi(argv[2]) : 1000);
    if (argc > 3 || calls < 1 || second.count() < 1) {
        std::cerr << "usage: " << argv[0] << " [CALLS [MILLISECONDS]], both from 1\n";
        return 2;
    }
    std::cout << std::fixed << std::setprecision(3);
    try {
        asio::io_context context;
        // Nothing but the policy above decides: the client sends each attempt once, at once.
        stagger::client_options options;
        options.base_url(base_url ? base_url : "").api_key(key ? key : "").model("llama-2-7b");
        options.dialect(stagger::dialect::llm_engine).retry(stagger::retry_policy().max_attempts(1));
        const auto unpaced = stagger::coordinator_options().pacing(stagger::pacing_kind::unpaced);
        const stagger::client llm(context.get_executor(), options, unpaced);
        const stagger::completion_request request("Why is the sky blue?");

        const auto print = [](std::exception_ptr failure, const stagger::completion& answer) {
            if (failure) std::rethrow_exception(failure);
            std::cout << answer.text << '\n';
        };
        for (int i = 0; i < calls; ++i) {
            asio::co_spawn(context, completion_with_backoff(llm, request, second), print);
        }
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
