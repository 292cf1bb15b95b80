#pragma once

#include <string>
#include <vector>

#include "exit_code.hpp"
#include "sim/suite.hpp"

namespace app {

/// What `simulate --never-worse` is asked for.
struct never_worse_request {
    std::vector<stagger::sim::suite_row> rows;
    unsigned seeds = 1;  ///< of each row, from the scenario's own on
    std::string json;    ///< as --json
    bool markdown = false;
};

/** @brief Runs `coordinated` and its rivals side by side, and prints who was worse than whom.
 *
 * Every run is a thread's; what is printed does not depend on how many there are.
 *
 * @returns some_failed where a kind misses what sim/never_worse.hpp demands
 * @throws failure file_failed
 */
exit_code run_never_worse(const never_worse_request& request);

}  // namespace app
