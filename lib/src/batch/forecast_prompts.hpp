#pragma once

#include <memory>
#include <utility>

#include "batch/token_forecast.hpp"
#include "stagger/prompt_source.hpp"

namespace stagger::batch {

/// The prompts of another source, each with what it is expected to cost by now.
class forecast_prompts final : public prompt_source {
 public:
    forecast_prompts(std::unique_ptr<prompt_source> prompts, std::shared_ptr<token_forecast> forecast)
        : prompts_(std::move(prompts)), forecast_(std::move(forecast)) {}

    boost::asio::awaitable<std::optional<batch_prompt>> read(error_code& error) override {
        auto prompt = co_await prompts_->read(error);
        if (prompt && prompt->request)
            prompt->request->expected_tokens(forecast_->expect(prompt->position, *prompt->request));
        co_return prompt;
    }

    std::optional<std::size_t> remaining() const override { return prompts_->remaining(); }

 private:
    std::unique_ptr<prompt_source> prompts_;
    std::shared_ptr<token_forecast> forecast_;
};

}  // namespace stagger::batch
