#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "row_format.hpp"

namespace app {

/// More of a file is not looked at to tell what it is.
inline constexpr std::size_t longest_head = 1024 * 1024;

/// Whether a file's beginning is long enough to be told: it has a line that is not blank, or is as long as is
/// looked at.
bool enough_to_tell(std::string_view head);

/// How a file is to be cut, and what stands between a table's cells.
struct sniffed_format {
    row_format format = row_format::text;
    char separator = ',';
};

/** By how a file begins, and what the command line and its name say of it.
 * @param by_name what its name says
 * @param head its beginning, unpacked
 * @throws failure wrong_usage where it does not look like that, naming the option that is meant; without the
 * file's name
 */
sniffed_format sniff_format(const row_reading& how, row_format by_name, std::string_view head);

}  // namespace app
