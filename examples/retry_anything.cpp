// Any coroutine behind the shared coordinator: here something that answers with a status, and is refused at
// first.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iostream>
#include <stagger/gate.hpp>
#include <stagger/retry.hpp>

namespace asio = boost::asio;

namespace {

int calls = 0;

asio::awaitable<int> call_something_else() {
    ++calls;
    co_return calls <= 2 ? 429 : 200;
}

// What an ending means, in one line for this operation.
stagger::classification judge(const stagger::attempt_result& ended) {
    const int* status = ended.value<int>();
    return {status && *status == 429 ? stagger::verdict::throttled : stagger::verdict::ok};
}

}  // namespace

asio::awaitable<void> run(stagger::gate gate) {
    const auto policy = stagger::retry_policy().max_attempts(10).classify(judge);
    // snippet begin
    auto fetch = [&] { return call_something_else(); };
    auto value = co_await stagger::async_retry(fetch, policy, gate);
    // snippet end
    std::cout << "status " << value << " after " << calls << " calls, " << gate.status().throttled
              << " refused\n";
}

int main() {
    try {
        asio::io_context context;
        stagger::gate gate(context.get_executor(), stagger::coordinator_options());
        asio::co_spawn(context, run(gate), [](std::exception_ptr failure) {
            if (failure) std::rethrow_exception(failure);
        });
        context.run();
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
