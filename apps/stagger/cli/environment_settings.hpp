#pragma once

#include <vector>

#include "option_setting.hpp"

namespace CLI {
class App;
}

namespace app {

/// What the environment says for the options of a command: one that takes one value, such as --max-tokens, is
/// read from STAGGER_MAX_TOKENS.
std::vector<option_setting> environment_settings(const CLI::App& command,
                                                 const environment_reader& environment);

}  // namespace app
