#include "batch/recorded_prompts.hpp"

#include <algorithm>

#include "batch/line_hash.hpp"

namespace stagger::batch {
namespace {

// Bounds the bitmap at 32 MiB, whatever a file claims.
constexpr std::size_t largest_line_number = std::size_t{1} << 28;

}  // namespace

void recorded_prompts::insert(std::string_view custom_id, const std::optional<wire::result_origin>& origin) {
    if (by_id_ || !origin || origin->line > largest_line_number) {
        ids_.push_back(line_hash(custom_id));
        return;
    }
    if (lines_.size() <= origin->line) lines_.resize(origin->line + 1);
    if (lines_[origin->line]) return;
    lines_[origin->line] = true;
    ++count_;
    sums_.add(origin->line, origin->line_hash);
}

void recorded_prompts::seal() {
    std::sort(ids_.begin(), ids_.end());
    ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
}

bool recorded_prompts::contains_id(std::string_view custom_id) const {
    return !ids_.empty() && std::binary_search(ids_.begin(), ids_.end(), line_hash(custom_id));
}

}  // namespace stagger::batch
