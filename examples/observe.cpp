// What becomes of every attempt, and an end in good order.
//   OPENAI_BASE_URL=http://127.0.0.1:8080/v1 example_observe
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stagger/client.hpp>

namespace asio = boost::asio;

// snippet begin
class refusals_on_screen final : public stagger::attempt_observer {
    void done(const stagger::attempt_events::done& ended) noexcept override {
        if (ended.error != stagger::condition::throttled) return;
        std::cout << "request " << ended.id.request << ", attempt " << ended.id.attempt << ": "
                  << ended.info.message << '\n';
    }
};

void serve(asio::io_context& context, stagger::client_options options) {
    options.observer(std::make_shared<refusals_on_screen>());
    stagger::client llm(context.get_executor(), options);
    for (int i = 0; i < 30; ++i) {
        llm.async_complete(stagger::completion_request("Why is the sky blue?"), asio::detached);
    }
    llm.async_drain(std::chrono::seconds(30), [llm](stagger::error_code, std::size_t lost) {
        const stagger::client_counters done = llm.counters();
        std::cout << done.succeeded << " answered in " << done.attempts << " attempts, " << lost << " lost\n";
    });
    context.run();
}
// snippet end

int main() {
    const char* base_url = std::getenv("OPENAI_BASE_URL");
    const char* key = std::getenv("OPENAI_API_KEY");
    try {
        stagger::client_options options;
        options.base_url(base_url ? base_url : "").api_key(key ? key : "").model("llama-2-7b");
        asio::io_context context;
        serve(context, options);
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
