#pragma once

#include <string>
#include <string_view>

namespace app {

/** What an API key is called where it must not be revealed: the first 12 hexadecimal digits of a SHA-256 over
 * a prefix of ours and the key; "none" for no key.
 *
 * Enough to tell the keys of one user apart, and useless for anything else.
 */
std::string account_name(std::string_view api_key);

}  // namespace app
