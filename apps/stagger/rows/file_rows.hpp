#pragma once

#include <memory>
#include <string>

#include "decompressor.hpp"
#include "row_cutter.hpp"
#include "row_format.hpp"

namespace app {

/** The rows of one file, out of its bytes as they are read: unpacked where they are packed, and cut as the
 * file's format has it.
 *
 * Bytes come in by `prepare` and `commit`, rows go out by `next`, as with row_cutter; their numbers run on
 * from those of the files before.
 */
class file_rows {
 public:
    /// @param name what messages call the file; its ending says how it is read, where the reading does not
    /// @param before rows are numbered from here on
    file_rows(std::string name, const row_reading& how, std::size_t before = 0);

    std::span<char> prepare();
    void commit(std::size_t count);
    void finish() { finished_ = true; }
    /// @throws failure wrong_usage where the file does not look like what it is to be read as, naming the
    /// option that is
    ///     meant; file_failed where it cannot be unpacked
    std::optional<stagger::batch::row> next();

    /// Whether there is no further row: all of it was read.
    bool ended() const { return cutter_finished_; }
    /// What the numbers of a next file run on from.
    std::size_t count() const { return before_ + (cutter_ ? cutter_->count() : 0); }
    /// A table's names, once they are known; else null.
    const std::vector<std::string>* columns() const { return cutter_ ? cutter_->columns() : nullptr; }
    /// Never `automatic` once there was a row.
    row_format format() const { return format_; }

 private:
    bool unpack_some();
    std::size_t unpack_into(std::span<char> room);
    void look_at_packing();
    void look_at_beginning();
    [[noreturn]] void refuse(const std::string& problem) const;

    std::string name_;
    row_reading how_;
    std::size_t before_;
    row_format format_;
    std::string raw_;        // as read
    std::size_t used_ = 0;   // of that
    bool finished_ = false;  // there is no more to be read
    bool packing_known_ = false;
    std::unique_ptr<decompressor> packing_;
    std::string head_;  // unpacked, until it is known how to cut it
    std::unique_ptr<row_cutter> cutter_;
    bool cutter_finished_ = false;
};

}  // namespace app
