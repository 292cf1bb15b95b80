#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace app {

/// Reads how hard a limit is tested: "1%", "0.5%", "0.02", or "off", which is 0. Nothing for anything else,
/// and for what is not within 0.1% and 20%.
std::optional<double> parse_probing(std::string_view text);

}  // namespace app
