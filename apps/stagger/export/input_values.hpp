#pragma once

#include <string>

#include "export_value.hpp"
#include "rows/file_rows.hpp"

namespace app {

/// What a row of an input says, by names: a table's columns, the members of JSON, `text` of a line of text. A
/// row that cannot be read has none.
named_values values_of_row(const stagger::batch::row& found, row_format format);

/// Of a table's names, where one comes twice: "name", "name.2", ...
std::vector<std::string> distinct_names(const std::vector<std::string>& names);

/** What its result is known by, where that does not tell its line.
 * @param id_name the column or member; empty: `custom_id` or `id` of JSON, else line-N
 */
std::string id_of_row(const named_values& values, row_format format, std::size_t number,
                      const std::string& id_name);

}  // namespace app
