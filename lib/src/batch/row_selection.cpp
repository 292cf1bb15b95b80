#include "batch/row_selection.hpp"

#include <queue>

#include "batch/line_hash.hpp"

namespace stagger::batch {

// Numbers that stand side by side get places far apart. The list's content is no part of it, so that a list
// that grew or was corrected keeps most of its sample.
std::uint64_t row_selection::place_of(std::size_t row_number) {
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15u;
    return mixed(row_number * odd);
}

row_selection row_selection::first(std::size_t rows) {
    row_selection made;
    made.first_ = rows;
    return made;
}

std::optional<row_selection> row_selection::sample(listed_prompts& prompts, std::size_t rows) {
    std::priority_queue<std::uint64_t> lowest;
    const auto use = [&](const row& each) {
        const auto place = place_of(each.number);
        if (lowest.size() < rows) {
            lowest.push(place);
        } else if (rows > 0 && place < lowest.top()) {
            lowest.pop();
            lowest.push(place);
        }
        return true;
    };
    if (!prompts.look_ahead(use)) return std::nullopt;
    row_selection made;
    if (lowest.size() == rows) made.highest_place_ = rows > 0 ? lowest.top() : 0;
    return made;
}

row_selection& row_selection::shard(std::size_t index, std::size_t count) {
    shard_ = index;
    shards_ = count;
    return *this;
}

std::optional<std::size_t> count_unanswered(listed_prompts& prompts, const recorded_prompts& recorded,
                                            const row_selection& selected) {
    std::size_t rows = 0;
    std::size_t count = 0;
    const auto use = [&](const row& each) {
        if (selected.ends_after(rows)) return false;
        ++rows;
        if (!selected.has(each.number) || recorded.contains_line(each.number)) return true;
        if (!recorded.knows_ids() || !recorded.contains_id(prompts.interpret(each).custom_id)) ++count;
        return true;
    };
    if (!prompts.look_ahead(use)) return std::nullopt;
    return count;
}

}  // namespace stagger::batch
