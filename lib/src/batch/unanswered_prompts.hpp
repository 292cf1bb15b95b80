#pragma once

#include <memory>

#include "batch/answered_ids.hpp"
#include "stagger/prompt_source.hpp"

namespace stagger::batch {

/// The prompts of another source that are not answered yet.
class unanswered_prompts final : public prompt_source {
 public:
    /// @param answered must outlive this
    unanswered_prompts(std::unique_ptr<prompt_source> all, const answered_ids& answered)
        : all_(std::move(all)), answered_(answered) {}

    boost::asio::awaitable<std::optional<batch_prompt>> read(error_code& error) override;
    std::optional<std::size_t> remaining() const override;

    std::size_t skipped() const { return skipped_; }

 private:
    std::unique_ptr<prompt_source> all_;
    const answered_ids& answered_;
    std::size_t skipped_ = 0;
};

}  // namespace stagger::batch
