#pragma once

#include <string>
#include <string_view>

namespace stagger::server {

/// Whether the header values that a caller sent present `key`, as either dialect sends it. No key: anybody
/// may call.
bool presents_key(std::string_view key, std::string_view authorization, std::string_view x_api_key);

/** The key in a file, without the white space around it.
 * @throws std::runtime_error naming the file if it cannot be read or holds none
 */
std::string read_key_file(const std::string& path);

}  // namespace stagger::server
