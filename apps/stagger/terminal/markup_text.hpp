#pragma once

#include <string>
#include <string_view>

namespace app {

/// Text as HTML and XML have it, within an element or a quoted attribute. What XML has no character for
/// becomes a blank.
std::string markup_text(std::string_view text);

}  // namespace app
