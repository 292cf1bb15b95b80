#pragma once

#include <string>
#include <string_view>

#include "provider/description.hpp"

namespace stagger::wire {

/** Reads a scenario from JSON text (the format is in docs/scenarios.md).
 * @throws std::invalid_argument naming the member's path, the rule and the value:
 *         "provider.limits[1].window_s: must be > 0, is -3"; syntax errors name line and column
 */
provider::scenario parse_scenario(std::string_view json);

/** The same from a file; the message begins with the file's name.
 * @throws std::system_error if the file cannot be read
 */
provider::scenario load_scenario(const std::string& path);

}  // namespace stagger::wire
