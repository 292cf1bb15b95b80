#pragma once

#include <memory>
#include <optional>

#include "batch/recorded_prompts.hpp"
#include "batch/row_selection.hpp"
#include "stagger/prompt_source.hpp"

namespace stagger::batch {

/** The prompts of another source that have no result yet.
 *
 * On its way it compares what it skips with what was answered, and refuses to go on
 * (batch_errc::prompts_changed) at the first few thousand lines that differ.
 */
class unanswered_prompts final : public prompt_source {
 public:
    /// @param recorded must outlive this
    unanswered_prompts(std::unique_ptr<prompt_source> all, const recorded_prompts& recorded)
        : all_(std::move(all)), recorded_(recorded) {}

    /** Leaves the others out. Before anything is read.
     * @param to_do as `count_unanswered` has it
     */
    void select(const row_selection& selected, std::optional<std::size_t> to_do) {
        selected_ = selected;
        to_do_ = to_do;
    }

    boost::asio::awaitable<std::optional<batch_prompt>> read(error_code& error) override;
    std::optional<std::size_t> remaining() const override;

    std::size_t skipped() const { return skipped_; }

 private:
    bool differs(std::size_t before_line) const {
        return recorded_.sums().difference(skipped_sums_, before_line).has_value();
    }

    std::unique_ptr<prompt_source> all_;
    const recorded_prompts& recorded_;
    line_sums skipped_sums_;
    std::size_t compared_to_ = 0;  // line until which the sums were compared
    std::size_t skipped_ = 0;
    row_selection selected_;
    std::optional<std::size_t> to_do_;  // known only where not all are selected
    std::size_t rows_ = 0;
    std::size_t handed_out_ = 0;
};

}  // namespace stagger::batch
