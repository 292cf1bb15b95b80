#include "batch/line_sums.hpp"

#include <algorithm>

#include "batch/line_hash.hpp"

namespace stagger::batch {

void line_sums::add(std::size_t line, std::uint64_t hash) {
    const auto block = (line - 1) / lines_a_block;
    if (block >= sums_.size()) sums_.resize(block + 1);
    // The line's number is mixed in, so that lines that changed places do not go unnoticed.
    sums_[block] += mixed(hash ^ mixed(line));
}

std::optional<line_sums::range> line_sums::difference(const line_sums& other, std::size_t line) const {
    const auto blocks = std::max(sums_.size(), other.sums_.size());
    for (std::size_t block = 0; block < blocks && (block + 1) * lines_a_block < line; ++block) {
        if (at(block) != other.at(block))
            return range{block * lines_a_block + 1, (block + 1) * lines_a_block};
    }
    return std::nullopt;
}

}  // namespace stagger::batch
