#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "export_value.hpp"

namespace app {

/// How an export is written.
enum class export_form { csv, tsv, jsonl, text };

std::optional<export_form> parse_export_form(std::string_view name);

/// A cell of a table as RFC 4180 writes it: in quotes where it needs them.
void append_cell(std::string& out, std::string_view cell, char separator);

/** What stands above the rows: the columns of a table, nothing of the others. */
std::string heading(export_form form, const std::vector<std::string>& columns);

/** One row, with its line end.
 *
 * CSV and TSV: a cell for each column; JSON texts as what they say, other JSON as it is written. JSONL: an
 * object of what there is. Text: the answer alone, in one line.
 * @param values as many as columns; nothing where the row has none
 * @param answer which of them is the answer
 */
std::string row_text(export_form form, const std::vector<std::string>& columns,
                     const std::vector<std::optional<export_value>>& values, std::size_t answer);

}  // namespace app
