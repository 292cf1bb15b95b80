#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <string>

#include "terminal/console.hpp"

namespace app {

/// A log that goes to standard error around the status line. `out` must outlive it.
/// @throws failure wrong_usage for a level that does not exist
std::shared_ptr<spdlog::logger> make_log(console& out, const std::string& level);

}  // namespace app
