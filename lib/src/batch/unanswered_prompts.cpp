#include "batch/unanswered_prompts.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "batch/batch_error.hpp"

namespace asio = boost::asio;

namespace stagger::batch {
namespace {

// Skipping millions of lines must not keep signals and answers waiting: about a millisecond's worth at once.
constexpr std::size_t rows_without_pause = 512;

}  // namespace

asio::awaitable<std::optional<batch_prompt>> unanswered_prompts::read(error_code& error) {
    error = {};
    for (;; ++rows_) {
        if (selected_.ends_after(rows_)) co_return std::nullopt;
        auto prompt = co_await all_->read(error);
        if (error) co_return std::nullopt;
        const auto position = prompt ? prompt->position : SIZE_MAX;
        if (recorded_.size() > 0 && position - compared_to_ > line_sums::lines_a_block) {
            if (differs(position)) error = batch_errc::prompts_changed;
            if (error) co_return std::nullopt;
            compared_to_ = (position - 1) / line_sums::lines_a_block * line_sums::lines_a_block;
        }
        if (!prompt) co_return prompt;
        const bool recorded = recorded_.contains(*prompt);
        if (!recorded && selected_.has(position)) {
            ++rows_;
            ++handed_out_;
            co_return prompt;
        }
        if (recorded) ++skipped_;
        if (recorded_.contains_line(position)) skipped_sums_.add(position, prompt->hash);
        if (rows_ % rows_without_pause == 0) {
            const auto executor = co_await asio::this_coro::executor;
            co_await asio::post(executor, asio::deferred);
        }
    }
}

std::optional<std::size_t> unanswered_prompts::remaining() const {
    if (!selected_.is_all()) {
        if (!to_do_) return std::nullopt;
        return *to_do_ > handed_out_ ? *to_do_ - handed_out_ : 0;
    }
    const auto rest = all_->remaining();
    if (!rest) return std::nullopt;
    // Skipped ones can be more than there are results where ids repeat.
    const auto to_skip = recorded_.size() > skipped_ ? recorded_.size() - skipped_ : 0;
    return *rest > to_skip ? *rest - to_skip : 0;
}

}  // namespace stagger::batch
