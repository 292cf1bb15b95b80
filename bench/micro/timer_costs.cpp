#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <vector>

#include "costs.hpp"
#include "stagger/random.hpp"
#include "stopwatch.hpp"

namespace costs {

double timer_ns(std::size_t tasks) {
    namespace asio = boost::asio;
    asio::io_context context{1};
    std::vector<asio::steady_timer> timers;
    timers.reserve(tasks);
    for (std::size_t each = 0; each < tasks; ++each) timers.emplace_back(context);
    stagger::random_source random(1);
    std::size_t fired = 0;
    // All expire in the past, in random order, so that only the work is measured and no waiting.
    const auto past = std::chrono::steady_clock::now() - std::chrono::seconds(10);
    const stopwatch watch;
    for (asio::steady_timer& each : timers) {
        each.expires_at(past + std::chrono::microseconds(random.next() % 1'000'000));
        each.async_wait([&fired](boost::system::error_code) { ++fired; });
    }
    context.run();
    return watch.seconds() / static_cast<double>(fired) * 1e9;
}

}  // namespace costs
