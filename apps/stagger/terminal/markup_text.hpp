#pragma once

#include <string>
#include <string_view>

namespace app {

/// Text as HTML and XML have it, within an element or a quoted attribute, and without control characters
/// (`visible_text`); line ends and tabs become blanks.
std::string markup_text(std::string_view text);

}  // namespace app
