#pragma once

#include <cstddef>
#include <string>

#include "progress.hpp"

namespace app {

/// A window of fewer rows or columns is too small for the panel: most of it would be progress.
inline constexpr unsigned least_panel_height = 15;
inline constexpr unsigned least_panel_width = 40;
/// Columns that the word in front of each row has.
inline constexpr std::size_t panel_label_width = 11;

/** Some rows of at most `width` columns, divided by line ends: the figures of the progress line and what
 * there is room for besides. What matters least is left out first where a row would be longer.
 */
std::string format_panel(const progress& view, unsigned width);

}  // namespace app
