#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/random_scenario.hpp"
#include "sim/suite.hpp"

namespace app {

/// The scenarios that were asked for: each a file, or the name of a built-in or a random one (`--show`).
/// Nothing asked for is the built-in suite.
/// @throws failure wrong_usage, file_failed
std::vector<stagger::sim::suite_row> load_cases(const std::vector<std::string>& asked);

/// Those that `count` seeds from `first_seed` on give, of one kind or of each that is measured.
/// @throws failure wrong_usage for a kind that does not exist
std::vector<stagger::sim::suite_row> draw_cases(const std::optional<std::string>& kind, unsigned count,
                                                std::uint64_t first_seed);

/// @throws failure wrong_usage
stagger::sim::random_kind find_random_kind(const std::string& name);

/// The built-in or random scenario of that name; a built-in one also goes by its file's name without ".json".
/// @throws failure wrong_usage
stagger::sim::suite_row find_case(const std::string& name);

/// Under which a built-in scenario is written: letters, digits, dots and dashes.
std::string file_name_of(const std::string& scenario_name);

/// Writes every built-in scenario into a folder, which is made if it does not exist. Files that exist are not
/// replaced.
/// @throws failure file_failed
void write_suite(const std::string& folder);

}  // namespace app
