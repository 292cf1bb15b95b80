#pragma once

#include <string>
#include <vector>

#include "batch/batch_line.hpp"

namespace app {

/** Whether a table has what is asked of it.
 * @param name what messages call the file
 * @throws failure wrong_usage for a place of the template or an id without a column, for one that two columns
 * have, and for a table without a prompt, naming the columns there are
 */
void check_columns(const std::string& name, const std::vector<std::string>& columns,
                   const stagger::wire::line_reading& how);

/** Whether members of JSON rows have what is asked of them, as far as can be told from some of them.
 * @param members names that any of those rows has
 * @throws failure wrong_usage as above
 */
void check_members(const std::string& name, const std::vector<std::string>& members,
                   const stagger::wire::line_reading& how);

/// Whether lines of plain text have what is asked of them, which have no names but {text}.
/// @throws failure wrong_usage
void check_text(const std::string& name, const stagger::wire::line_reading& how);

/// The names in a list for people; of very many the first ones.
std::string listed_names(const std::vector<std::string>& names);

}  // namespace app
