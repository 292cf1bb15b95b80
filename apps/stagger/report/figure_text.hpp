#pragma once

#include <string>

namespace app {

/// "1,500", "47.92", "0.0012": four digits, or all of a whole part that is longer.
std::string amount_text(double value);

/// "320 µs", "850 ms", "1.25 s", with a space that does not end a line.
std::string span_text(double ms);

}  // namespace app
