#include "in_parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace app {

void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    std::mutex guard;
    std::exception_ptr failed;
    const auto take_turns = [&] {
        for (std::size_t each = next++; each < count; each = next++) {
            try {
                work(each);
            } catch (...) {
                const std::lock_guard only(guard);
                if (!failed) failed = std::current_exception();
                next = count;
            }
        }
    };
    const std::size_t threads =
        std::min<std::size_t>(count, std::max(1u, std::thread::hardware_concurrency()));
    {
        std::vector<std::jthread> helpers;
        for (std::size_t each = 1; each < threads; ++each) helpers.emplace_back(take_turns);
        take_turns();
    }
    if (failed) std::rethrow_exception(failed);
}

}  // namespace app
