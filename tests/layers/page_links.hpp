#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "layers/source_tree.hpp"

namespace layers {

/// A link of a page of documentation into this project: `](target)`.
struct page_link {
    std::string target;  ///< as written
    std::size_t line = 0;
};

/// All that lead to no other host; what stands in code is no link.
std::vector<page_link> links_of(std::string_view page);

/// The anchors of a page's headings, as GitHub makes them.
std::vector<std::string> anchors_of(std::string_view page);

/// What is there by a path in the project: nothing where there is nothing, no text for a folder.
using page_lookup = std::function<std::optional<std::string>(const std::string& path)>;

/// Links to files that are not there, and to headings that their page does not have.
std::vector<violation> broken_links(const source_file& page, const page_lookup& find);

}  // namespace layers
