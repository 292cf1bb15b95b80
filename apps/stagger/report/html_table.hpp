#pragma once

#include <optional>
#include <string>
#include <vector>

namespace app {

/// A number as people read it, and as it is.
struct html_cell {
    std::string text;
    std::optional<double> value = {};
    bool best = false;
};

/// A cell of a number; of nothing, a dash.
html_cell number_cell(std::optional<double> value);
/// The same of milliseconds, shown to the microsecond: what is below is the clock's noise.
html_cell ms_cell(std::optional<double> ms);

/** Rows of numbers under titles, each row with a title of its own, as HTML that needs no script.
 *
 * All texts are plain ones.
 */
class html_table {
 public:
    /// @param columns titles; the first one is of the rows' titles
    html_table(std::string caption, std::vector<std::string> columns);

    /// @pre a cell for every column but the first
    void add(const std::string& title, const std::vector<html_cell>& cells);
    /// The same, of a row that a chart shows as a part of its bars.
    void add_part(const std::string& title, const std::vector<html_cell>& cells);
    bool empty() const { return rows_.empty(); }

    /// @param id by which a chart finds it
    std::string html(const std::string& id = {}) const;
    /// Folded away under `summary`, for what is long.
    std::string folded(const std::string& summary) const;

 private:
    void add_row(const std::string& row_tag, const std::string& title, const std::vector<html_cell>& cells);

    std::string caption_;
    std::vector<std::string> columns_;
    std::string rows_;
};

}  // namespace app
