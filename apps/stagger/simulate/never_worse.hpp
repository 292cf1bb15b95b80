#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/exit_code.hpp"
#include "sim/never_worse.hpp"
#include "sim/suite.hpp"
#include "terminal/console.hpp"

namespace app {

/// Runs each row under `coordinated` and its rivals, a thread for each run; the result does not depend on how
/// many threads there are. `progress` shows how far it is.
/// @param seeds of each row, from the scenario's own on
std::vector<stagger::sim::run_beside_rivals> run_side_by_side(
    const std::vector<stagger::sim::suite_row>& rows, unsigned seeds, console& progress);

/// What `simulate --never-worse` is asked for.
struct never_worse_request {
    std::vector<stagger::sim::suite_row> rows;
    unsigned seeds = 1;  ///< of each row, from the scenario's own on
    std::string json;    ///< as --json
    bool markdown = false;
};

/** @brief Runs `coordinated` and its rivals side by side, and prints who was worse than whom.
 *
 * @returns some_failed where a kind misses what sim/never_worse.hpp demands
 * @throws failure file_failed
 */
exit_code run_never_worse(const never_worse_request& request);

}  // namespace app
