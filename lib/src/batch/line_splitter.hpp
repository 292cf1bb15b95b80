#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace stagger::batch {

/// What of its lines a splitter hands out.
enum class line_splitting {
    prompts,  ///< those that are not blank, without CR LF
    whole,    ///< every one as it is, but for its LF: what stands in quotes may be part of a cell
};

/// A line, without its end.
struct line {
    std::string_view text;    ///< valid until the next call of `prepare`
    std::size_t number = 0;   ///< from 1, blank lines counted
    std::uint64_t start = 0;  ///< offset of its first byte in the input
    bool terminated = true;   ///< false: the input ended before the line did
    bool too_long = false;    ///< past the bound; `text` is empty
};

/** Cuts bytes into lines without holding more than one line and one block of them.
 *
 * Bytes come in by `prepare` and `commit`, lines go out by `next` until it answers nothing; after `finish`
 * the last line counts even if it has no end. CRLF and LF end a line; a byte-order mark before the first line
 * is dropped.
 */
class line_splitter {
 public:
    explicit line_splitter(std::size_t longest_line, line_splitting how = line_splitting::prompts)
        : longest_(longest_line), how_(how) {}

    std::span<char> prepare();
    void commit(std::size_t count) { end_ += count; }
    void finish() { finished_ = true; }
    std::optional<line> next();
    /// Lines until now, blank ones counted.
    std::size_t lines() const { return lines_; }

 private:
    std::optional<line> cut(std::size_t length, std::size_t line_end);

    std::size_t longest_;
    line_splitting how_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;    // first byte of the line that is being looked for
    std::size_t scanned_ = 0;  // bytes from `begin_` known to hold no line end
    std::size_t end_ = 0;
    std::uint64_t line_start_ = 0;
    std::uint64_t dropped_ = 0;  // bytes of this line that were let go because it is too long
    std::size_t lines_ = 0;
    bool finished_ = false;
};

}  // namespace stagger::batch
