#pragma once

#include <optional>
#include <string>
#include <vector>

#include "layers/source_tree.hpp"

namespace layers {

/// A code block of a page that says which example it was taken from.
struct snippet {
    std::string example;  ///< path of the example
    std::string code;     ///< the lines between the fences
    std::size_t line;     ///< of the marker
};

/// The blocks that follow a line `<!-- snippet: PATH -->`; the marker must be followed by a fenced block.
/// A marker without one is a snippet with empty code.
std::vector<snippet> snippets_of(const std::string& markdown);

/// The lines between `// snippet begin` and `// snippet end` of an example, without the indentation that all
/// of them share. Nothing if there is no such region.
std::optional<std::string> marked_region(const std::string& example);

}  // namespace layers
