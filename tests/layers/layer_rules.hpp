#pragma once

#include <map>
#include <string>
#include <vector>

#include "layers/source_tree.hpp"

namespace layers {

/// Which layer a public header belongs to, as the layers' CMakeLists.txt say: "stagger/gate.hpp" -> "net".
using header_owners = std::map<std::string, std::string>;
header_owners owners_of_public_headers(const std::vector<source_file>& cmake_lists);

/// The layer a file belongs to: a folder of lib/src, the owner of a public header, or "apps", "examples",
/// "bench". Empty for a public header that no layer lists.
std::string layer_of(const std::string& path, const header_owners& owners);

/// #include lines that cross the layers in the wrong direction, or that bring a library to where it does not
/// belong.
std::vector<violation> wrong_includes(const std::vector<source_file>& files, const header_owners& owners);

/// Clocks, threads and global randomness in the layers that must not have them.
std::vector<violation> banned_words(const std::vector<source_file>& files, const header_owners& owners);

/// Beast costs half a minute of compile time a file: one .cpp of http and one of server may
/// include it.
std::vector<violation> beast_spread(const std::vector<source_file>& files);

}  // namespace layers
