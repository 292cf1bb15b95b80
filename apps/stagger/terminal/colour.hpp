#pragma once

#include <string>
#include <string_view>

namespace app {

enum class colour { faint, red, green, yellow };

/// The text in this colour, and what follows it as before. Empty texts stay empty.
std::string painted(std::string_view text, colour in);

/// Whether the user has nothing against colour: NO_COLOR is not set, or empty (https://no-color.org).
bool colours_are_wanted();

}  // namespace app
