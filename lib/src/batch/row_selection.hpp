#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "batch/listed_prompts.hpp"
#include "batch/recorded_prompts.hpp"

namespace stagger::batch {

/** Which rows of a list are asked; the others stay without a result.
 *
 * The same rows each time: a run that is continued, or repeated, asks no others, and a later one over the
 * whole list skips them.
 */
class row_selection {
 public:
    /// All of them.
    row_selection() = default;
    /// The first ones.
    static row_selection first(std::size_t rows);
    /** So many, spread over the list as if by chance; all where there are fewer.
     * @return nothing where the list can be read only once
     */
    static std::optional<row_selection> sample(listed_prompts& prompts, std::size_t rows);

    /** Of what it has, the rows of one of several shards: each row is in exactly one, by its number alone, so
     * that shards need not know of each other, and a list that grows moves no row.
     * @param index from 0, < count
     */
    row_selection& shard(std::size_t index, std::size_t count);

    bool has(std::size_t row_number) const {
        return (row_number - 1) % shards_ == shard_ && place_of(row_number) <= highest_place_;
    }
    /// Whether it has nothing behind so many rows.
    bool ends_after(std::size_t rows) const { return rows >= first_; }
    bool is_all() const { return first_ == SIZE_MAX && highest_place_ == UINT64_MAX && shards_ == 1; }

 private:
    static std::uint64_t place_of(std::size_t row_number);

    std::size_t first_ = SIZE_MAX;
    std::uint64_t highest_place_ = UINT64_MAX;
    std::size_t shard_ = 0;
    std::size_t shards_ = 1;
};

/// How many of the selected rows have no result yet; nothing where the list can be read only once.
std::optional<std::size_t> count_unanswered(listed_prompts& prompts, const recorded_prompts& recorded,
                                            const row_selection& selected);

}  // namespace stagger::batch
