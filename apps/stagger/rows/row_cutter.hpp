#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "batch/row.hpp"

namespace app {

/** Cuts the bytes of one file into rows without holding more than one row and one block of them.
 *
 * Bytes come in by `prepare` and `commit`, rows go out by `next` until it answers nothing; after `finish` the
 * last one counts even if it has no end. Rows are numbered from 1.
 */
class row_cutter {
 public:
    virtual ~row_cutter() = default;

    virtual std::span<char> prepare() = 0;
    virtual void commit(std::size_t count) = 0;
    virtual void finish() = 0;
    virtual std::optional<stagger::batch::row> next() = 0;
    /// Numbers given out or passed over until now.
    virtual std::size_t count() const = 0;
    /// A table's names, once they are known; else null.
    virtual const std::vector<std::string>* columns() const { return nullptr; }
};

}  // namespace app
