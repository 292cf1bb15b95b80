#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "load/run_results.hpp"

/// The text of a results file; docs/results.schema.json has its form.
namespace stagger::load {

/// What the member `schema` of a results file says.
inline constexpr std::string_view results_schema = "stagger.results/1";

std::string format_results(const results_document& all);

/** Reads it whole or not at all. Members that are not known are those of a later version, and passed over.
 * @throws std::invalid_argument naming the member's path, the rule and the value
 */
results_document parse_results(std::string_view text);

}  // namespace stagger::load
