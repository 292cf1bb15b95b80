// Whatever else an API takes and gives: a tool that the model may call.
//   OPENAI_BASE_URL=http://127.0.0.1:8080/v1 example_parameters
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <iostream>
#include <stagger/client.hpp>

namespace asio = boost::asio;

asio::awaitable<void> ask(stagger::client llm) {
    // snippet begin
    auto request = stagger::completion_request("How warm is it in Paris?");
    request.system("Answer in one sentence.").set("top_p", "0.9").set("stop", R"(["\n\n"])");
    request.set("tools", R"([{"type": "function", "function": {"name": "temperature_in", "parameters":
        {"type": "object", "properties": {"city": {"type": "string"}}}}}])");
    const stagger::completion answer = co_await llm.async_complete(request);
    if (answer.finish_reason == "tool_calls") {
        std::cout << "calls a tool: " << answer.raw
                  << '\n';  // choices[0].message.tool_calls, for your JSON parser
    } else {
        std::cout << "says: " << answer.text << '\n';
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
        stagger::client llm(context.get_executor(), options);
        asio::co_spawn(context, ask(llm), [](std::exception_ptr failure) {
            if (failure) std::rethrow_exception(failure);
        });
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
