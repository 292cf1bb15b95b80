#pragma once

#include <string>

#include "provider/description.hpp"

namespace stagger::wire {

/** @brief A scenario as the text of a scenario file, laid out to be read and changed.
 *
 * `parse_scenario` reads the same scenario from it, as long as it keeps that function's rules and its numbers
 * have at most 15 digits. Members that have their default value are left out, but for those that every
 * scenario has something to say about.
 */
std::string format_scenario(const provider::scenario& scenario);

}  // namespace stagger::wire
