#pragma once

#include <spdlog/logger.h>

#include "sending/send_options.hpp"

namespace app {

/// Notes at level info, a line each, which endpoints are reached in another way than directly.
void log_transport(const send_plan& plan, spdlog::logger& log);

}  // namespace app
