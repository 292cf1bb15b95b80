#include "batch/unanswered_prompts.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace asio = boost::asio;

namespace stagger::batch {
namespace {

// Skipping millions of lines must not keep signals and answers waiting: about a millisecond's worth at once.
constexpr std::size_t skips_without_pause = 512;

}  // namespace

asio::awaitable<std::optional<batch_prompt>> unanswered_prompts::read(error_code& error) {
    for (;;) {
        auto prompt = co_await all_->read(error);
        if (error || !prompt || !answered_.contains(prompt->custom_id)) co_return prompt;
        if (++skipped_ % skips_without_pause == 0) {
            const auto executor = co_await asio::this_coro::executor;
            co_await asio::post(executor, asio::deferred);
        }
    }
}

std::optional<std::size_t> unanswered_prompts::remaining() const {
    const auto rest = all_->remaining();
    if (!rest) return std::nullopt;
    // Skipped ones can be more than there are answers where ids repeat.
    const auto to_skip = answered_.size() > skipped_ ? answered_.size() - skipped_ : 0;
    return *rest > to_skip ? *rest - to_skip : 0;
}

}  // namespace stagger::batch
