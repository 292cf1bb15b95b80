#pragma once

#include <string>
#include <string_view>

#include "provider/description.hpp"

namespace stagger::wire {

/// Whether a scenario must say who calls the provider. A server does not ask for it; where it is given it
/// must be well formed all the same.
enum class clients_member { required, optional };

/** Reads a scenario from JSON text (the format is in docs/scenarios.md).
 * @throws std::invalid_argument naming the member's path, the rule and the value:
 *         "provider.limits[1].window_s: must be > 0, is -3"; syntax errors name line and column
 */
provider::scenario parse_scenario(std::string_view text, clients_member clients = clients_member::required);

/** The same from a file; the message begins with the file's name. A scenario without a name is called after
 * the file.
 * @throws std::system_error if the file cannot be read
 */
provider::scenario load_scenario(const std::string& path, clients_member clients = clients_member::required);

}  // namespace stagger::wire
