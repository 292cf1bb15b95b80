#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <string>

#include "terminal/console.hpp"

namespace app {

/** A log that goes to standard error around the status line, or else to a file, to which every message goes
 * as well; there the level is at least `info`, unless it is `off`. `out` must outlive it.
 * @param file may be empty
 * @throws failure wrong_usage for a level that does not exist, file_failed
 */
std::shared_ptr<spdlog::logger> make_log(console& out, const std::string& level,
                                         const std::string& file = {});

}  // namespace app
