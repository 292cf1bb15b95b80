#pragma once

#include <string>
#include <vector>

#include "dialect/secrets.hpp"

namespace app {

/// The words with which this process was started, for a report of what was run.
std::vector<std::string> command_line(const stagger::wire::secrets& hidden);

}  // namespace app
