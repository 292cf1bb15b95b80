#pragma once

#include <optional>
#include <string>

namespace app {

/** @brief Writes a new file, for its owner alone (0600), that takes the place of the one at `path` as a
 * whole.
 *
 * It is on disk before it does, so that neither a crash nor a power loss leaves half of it.
 * @return "PATH: why" where it cannot be written; the old one stays then
 */
std::optional<std::string> replace_file(const std::string& path, const std::string& text);

}  // namespace app
