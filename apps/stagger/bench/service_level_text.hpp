#pragma once

#include <optional>
#include <string>

#include "load/run_results.hpp"

namespace app {

/// Reads "ttft=500ms,e2e=10s": the time to the first token, and to the whole answer; one may be left out.
/// Nothing for anything else.
std::optional<stagger::load::service_level> parse_service_level(const std::string& text);

}  // namespace app
