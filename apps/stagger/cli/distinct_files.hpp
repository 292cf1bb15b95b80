#pragma once

#include <string>
#include <utility>
#include <vector>

namespace app {

/// Whether both names are of one regular file, or of one that is still to be made. Never true of `-`.
bool same_file(const std::string& left, const std::string& right);

/// What an option writes is to go into none of the other files. Empty names are none.
/// @throws failure wrong_usage
void keep_apart(const std::string& option, const std::string& path, const std::vector<std::string>& others);

/// Whether one of the files is standard output (`-`).
/// @param files that options name, each with the option's name
/// @throws failure wrong_usage, if several are
bool one_is_standard_output(const std::vector<std::pair<std::string, std::string>>& files);

}  // namespace app
