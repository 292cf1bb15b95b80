#pragma once

#include <string>
#include <string_view>

namespace app {

/// The panel with colour added, which takes no room: labels step back, the bar is green, what failed is red
/// and what holds everybody up is yellow.
std::string coloured_panel(std::string_view panel);

}  // namespace app
