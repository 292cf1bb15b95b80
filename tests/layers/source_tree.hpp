#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace layers {

/// A file of this project: where it is, relative to the project's folder with `/` between, and what it says.
struct source_file {
    std::string path;
    std::string text;
};

/// Something that breaks a rule, ready to print.
struct violation {
    std::string path;
    std::size_t line;
    std::string what;

    friend bool operator==(const violation&, const violation&) = default;
};
std::string to_string(const std::vector<violation>& all);

/// Every file below the named folders whose name ends with one of `endings`, sorted by path. Folders that do
/// not exist are passed over.
std::vector<source_file> read_sources(const std::vector<std::string>& folders,
                                      const std::vector<std::string>& endings);
/// One file of this project. @throws std::runtime_error if it cannot be read
source_file read_source(const std::string& path);
bool source_exists(const std::string& path);

/// What `strip` leaves standing.
enum class keep { strings, code_only };

/// The text with every comment, and unless they are kept every string and character literal, blanked out.
/// Line breaks stay, so that offsets and line numbers hold.
std::string strip(std::string_view text, keep what);

/// The line, from 1, that `offset` lies on.
std::size_t line_of(std::string_view text, std::size_t offset);

}  // namespace layers
