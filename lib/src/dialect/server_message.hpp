#pragma once

#include <string>
#include <string_view>

#include "dialect/secrets.hpp"

namespace stagger::wire {

/** @brief Makes text of a server fit for a terminal, a log and a result file.
 *
 * Runs of white space become one space; control characters, text direction marks and bytes that are not UTF-8
 * are dropped; a page of HTML is reduced to its title, or to its text; secrets and whatever looks like a key
 * are masked; what is longer than 300 bytes is cut at a character.
 */
std::string readable_message(std::string_view text, const secrets& hidden);

/// "it begins with: ..." for a message about text that cannot be read, without secrets but not readable yet.
std::string shown_beginning(std::string_view text, const secrets& hidden);

}  // namespace stagger::wire
