#pragma once

#include <string>
#include <string_view>

namespace stagger {

/** @brief Text that a terminal shows and does not obey.
 *
 * Control characters become the pictures that Unicode has for them (U+241B for ESC), those of C1 and bytes
 * that are not UTF-8 become U+FFFD. Tabs and line ends stay; a carriage return before a line end is left out.
 * So text that has nothing of the kind is what it was.
 */
std::string visible_text(std::string_view text);

/// The same for a text that is one line: its line ends become blanks.
std::string visible_line(std::string_view text);

}  // namespace stagger
