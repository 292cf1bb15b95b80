#pragma once

#include <string>

namespace app {

/// @throws failure file_failed where the file cannot be read, wrong_usage where it holds no key
std::string read_api_key(const std::string& path);

/** The key without surrounding blanks; may be empty.
 * @param where for messages, which never repeat the key
 * @throws failure wrong_usage for characters that no header can carry
 */
std::string checked_api_key(const std::string& text, const std::string& where);

}  // namespace app
