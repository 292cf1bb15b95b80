#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace app {

/// How a file is cut into rows.
enum class row_format {
    automatic,  ///< by its name, else by how it begins
    text,       ///< one prompt a line
    jsonl,      ///< one JSON object a line
    csv,        ///< a table: RFC 4180, the first row names the columns
    tsv,        ///< the same with tabs between the cells
    json,       ///< one JSON array
};

/// What the command line says of it.
struct row_reading {
    row_format format = row_format::automatic;
    std::optional<char> separator;  ///< between cells; nothing: as the format has it
};

/// Nothing for a name that is none.
std::optional<row_format> parse_row_format(std::string_view name);
std::string_view to_string(row_format format);
inline constexpr auto row_format_names = "auto, text, jsonl, csv, tsv or json";

/// A single character, or `tab`; nothing for anything else, and for what cannot stand between cells.
std::optional<char> parse_separator(std::string_view text);
/// As `parse_separator` reads it.
std::string separator_text(char separator);

/// What the name of a file says, whether it is compressed or not; `automatic` where it says nothing.
row_format format_by_name(std::string_view path);

}  // namespace app
