#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "batch/line_hash.hpp"
#include "batch/line_splitter.hpp"

namespace stagger::batch {

/// One entry of a prompt list: a line, a row of a table, an element of an array.
struct row {
    std::string_view text;   ///< as it stands in the file, without a line end; valid until the next one
    std::size_t number = 0;  ///< where it begins, from 1; running on from file to file
    bool too_long = false;   ///< past the bound; `text` is empty
    std::string problem;     ///< not empty: it cannot be read, and this says why
    /// Of what stands elsewhere and decides what the row means, as the names of columns do. 0: nothing does.
    std::uint64_t context = 0;
    /// A table's names and this row's cells; null where it is no table's. Valid as long as `text`.
    const std::vector<std::string>* columns = nullptr;
    const std::vector<std::string>* cells = nullptr;

    /// To recognise in a later run what it says.
    std::uint64_t hash() const {
        const auto own = line_hash(text);
        return context == 0 ? own : mixed(own ^ context);
    }
};

inline row row_of(const line& found) {
    row made;
    made.text = found.text;
    made.number = found.number;
    made.too_long = found.too_long;
    return made;
}

}  // namespace stagger::batch
