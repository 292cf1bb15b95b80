#pragma once

#include <csv.h>

#include <cstdint>

#include "row_cutter.hpp"
#include "stagger/prompt_source.hpp"

namespace app {

/** Rows of a table as RFC 4180 has it: the first one names the columns.
 *
 * A quote inside a cell that does not begin with one is a character like any other. Spaces are part of cells.
 * A row is numbered by the line that it begins on. Blank lines, and rows whose cells are all empty, are
 * passed over. What cannot be read has a `problem`, and the next line begins a row.
 */
class table_cutter final : public row_cutter {
 public:
    explicit table_cutter(char separator, std::size_t longest_row = stagger::longest_prompt_line);
    table_cutter(const table_cutter&) = delete;
    table_cutter& operator=(const table_cutter&) = delete;
    ~table_cutter() override { ::csv_free(&parser_); }

    std::span<char> prepare() override { return lines_.prepare(); }
    void commit(std::size_t count) override { lines_.commit(count); }
    void finish() override;
    std::optional<stagger::batch::row> next() override;
    std::size_t count() const override { return lines_.lines(); }
    const std::vector<std::string>* columns() const override { return named_ ? &columns_ : nullptr; }

 private:
    static void cell_ended(void* text, std::size_t length, void* self);
    static void row_ended(int, void* self);

    std::optional<stagger::batch::row> take(const stagger::batch::line& found);
    bool parse(std::string_view text);
    void add_to_row(const stagger::batch::line& found);
    stagger::batch::row row_so_far() const;
    std::optional<stagger::batch::row> ended_row();
    stagger::batch::row broken(std::string problem);
    void begin_anew();

    std::size_t longest_;
    stagger::batch::line_splitter lines_;
    csv_parser parser_{};
    bool finished_ = false;
    bool named_ = false;
    bool taken_ = true;  // what the last call handed out may be let go
    std::vector<std::string> columns_;
    std::uint64_t names_hash_ = 0;
    std::vector<std::string> cells_;  // their memory is kept from row to row
    std::size_t cells_ended_ = 0;
    std::size_t rows_ended_ = 0;
    std::size_t began_on_ = 0;  // line of the row that is open; 0: none is
    std::string_view text_;     // of that row
    std::string gathered_;      // its text, where it has several lines
};

}  // namespace app
