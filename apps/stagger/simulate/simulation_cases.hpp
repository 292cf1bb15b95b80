#pragma once

#include <string>
#include <vector>

#include "sim/random_scenario.hpp"
#include "sim/suite.hpp"

namespace app {

/// The scenarios that were asked for: each a file, or the name of a built-in or a random one (`--show`).
/// Nothing asked for is the built-in suite.
/// @throws failure wrong_usage, file_failed
std::vector<stagger::sim::suite_row> load_cases(const std::vector<std::string>& asked);

/// Those that `count` seeds from `first_seed` on give, of each kind.
std::vector<stagger::sim::suite_row> draw_cases(const std::vector<stagger::sim::random_kind>& kinds,
                                                unsigned count, std::uint64_t first_seed);

/// @throws failure wrong_usage
stagger::sim::random_kind find_random_kind(const std::string& name);

/// @throws failure wrong_usage
std::vector<stagger::sim::random_kind> find_random_kinds(const std::vector<std::string>& names);

/// A random scenario's kind: "token_bucket" of "token_bucket-17". All others are of one, "named".
std::string kind_of(const std::string& scenario_name);

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
