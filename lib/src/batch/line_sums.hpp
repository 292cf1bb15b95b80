#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace stagger::batch {

/** Compares two sets of numbered lines, in whatever order each of them is read.
 *
 * The hashes of a block of lines are added up, so that millions of lines cost kilobytes, and a difference is
 * still found within a few thousand lines of where it is.
 */
class line_sums {
 public:
    struct range {
        std::size_t first;
        std::size_t last;
    };
    static constexpr std::size_t lines_a_block = 4096;

    /// @param line from 1; each at most once
    void add(std::size_t line, std::uint64_t hash);
    /// The first lines among which the two differ, looking only at blocks that end before `line`.
    std::optional<range> difference(const line_sums& other, std::size_t line = SIZE_MAX) const;

 private:
    std::uint64_t at(std::size_t block) const { return block < sums_.size() ? sums_[block] : 0; }

    std::vector<std::uint64_t> sums_;
};

}  // namespace stagger::batch
