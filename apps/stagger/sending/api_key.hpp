#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/option_setting.hpp"

namespace app {

/// @throws failure file_failed where the file cannot be read, wrong_usage where it holds no key
std::string read_api_key(const std::string& path);

/** The key without surrounding blanks; may be empty.
 * @param where for messages, which never repeat the key
 * @throws failure wrong_usage for characters that no header can carry
 */
std::string checked_api_key(const std::string& text, const std::string& where);

/// A key of the environment.
struct found_key {
    std::string secret;     ///< empty: none of the variables has one
    std::string variables;  ///< where it was looked for, for messages
};

/// Of the first variable that has one. @throws failure as checked_api_key
found_key find_api_key(std::span<const std::string_view> variables, const environment_reader& environment);

}  // namespace app
