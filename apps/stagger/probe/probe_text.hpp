#pragma once

#include <string>

#include "probe/probe_findings.hpp"
#include "probe/probe_needs.hpp"

namespace app {

/// The options of `stagger batch` that keep to what was found; empty where there is nothing to keep to.
std::string batch_options_for(const stagger::probe::probe_findings& found);

/// What was found, for people: a line for each thing, each with a word in front.
std::string describe(const stagger::probe::probe_findings& found);

/// The same as one JSON object on a line.
std::string to_json(const stagger::probe::probe_findings& found);

/// That the bounds are too narrow for what telling the limit takes; empty where they are not.
std::string needs_text(const stagger::probe::probe_needs& needs, const stagger::probe::probe_bounds& bounds);

}  // namespace app
