#pragma once

#include <optional>
#include <string>
#include <vector>

namespace app {

/** The last value that the words of a command line give an option, as `--name VALUE` or `--name=VALUE`;
 * nothing where they do not name it. What stands behind `--` names no options.
 * @param names as they are written, with dashes; of a short one, `-cVALUE` counts, too
 */
std::optional<std::string> last_value(const std::vector<std::string>& words,
                                      const std::vector<std::string>& names);

}  // namespace app
