#pragma once

#include <functional>
#include <string>

#include "stagger/time.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

/// Options whose values are checked as they are read, with a message that names the rule.
namespace app {

/// Reads like 250ms, 30s or 5m.
CLI::Option* add_duration(CLI::App& command, const std::string& name,
                          std::function<void(stagger::duration)> set, const std::string& help);

/// A whole number. (CLI11 by itself reads "-1" into an unsigned as a very large one.)
CLI::Option* add_count(CLI::App& command, const std::string& name, std::function<void(unsigned)> set,
                       unsigned least, const std::string& help);

}  // namespace app
