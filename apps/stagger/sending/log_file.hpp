#pragma once

#include <spdlog/sinks/sink.h>

#include <memory>
#include <string>

#include "terminal/console.hpp"

namespace app {

/** A file to which log lines are appended, each whole, with their date. A failure to write is told once on
 * `out`; what comes later is lost, and nothing else is.
 * @param out must outlive it
 * @throws failure file_failed where it cannot be opened
 */
std::shared_ptr<spdlog::sinks::sink> open_log_file(const std::string& path, console& out);

}  // namespace app
