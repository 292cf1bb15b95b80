#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "batch/batch_line.hpp"
#include "batch/line_sums.hpp"
#include "stagger/prompt_source.hpp"

namespace stagger::batch {

/** The prompts that a results file has results of.
 *
 * A result that tells its line costs a bit. Any other is known by a 64-bit hash of its id, eight bytes: among
 * ten million the chance that two have the same one is below one in a hundred thousand.
 */
class recorded_prompts {
 public:
    /// @param by_id recognise prompts by their ids alone, wherever they stand now
    explicit recorded_prompts(bool by_id = false) : by_id_(by_id) {}

    void insert(std::string_view custom_id, const std::optional<wire::result_origin>& origin);
    /// To be called between the last `insert` and the first `contains`.
    void seal();

    bool contains(const batch_prompt& prompt) const {
        return contains_line(prompt.position) || contains_id(prompt.custom_id);
    }
    bool contains_line(std::size_t line) const { return line < lines_.size() && lines_[line]; }
    /// True for prompts that are known by their ids only.
    bool contains_id(std::string_view custom_id) const;
    bool knows_ids() const { return !ids_.empty(); }
    std::size_t size() const { return count_ + ids_.size(); }
    /// What the lines said that are known by their number.
    const line_sums& sums() const { return sums_; }

 private:
    bool by_id_;
    std::vector<bool> lines_;
    std::size_t count_ = 0;  // bits set
    line_sums sums_;
    std::vector<std::uint64_t> ids_;
};

}  // namespace stagger::batch
