#pragma once

#include <string>
#include <string_view>

namespace stagger::wire {

/** @brief Makes text of a server fit for a terminal, a log and a result file.
 *
 * Runs of white space become one space; control characters, text direction marks and bytes that are not UTF-8
 * are dropped; a page of HTML is reduced to its title, or to its text; keys are masked; what is longer than
 * 300 bytes is cut at a character.
 * @param api_key masked wherever it occurs, as it is and in Basic's base64; may be empty
 */
std::string readable_message(std::string_view text, std::string_view api_key);

}  // namespace stagger::wire
