#include "row_format.hpp"

#include <array>
#include <utility>

namespace app {
namespace {

constexpr std::array<std::pair<std::string_view, row_format>, 6> format_names{{
    {"auto", row_format::automatic},
    {"text", row_format::text},
    {"jsonl", row_format::jsonl},
    {"csv", row_format::csv},
    {"tsv", row_format::tsv},
    {"json", row_format::json},
}};

constexpr std::array<std::pair<std::string_view, row_format>, 7> format_endings{{
    {".txt", row_format::text},
    {".jsonl", row_format::jsonl},
    {".ndjson", row_format::jsonl},
    {".csv", row_format::csv},
    {".tsv", row_format::tsv},
    {".tab", row_format::tsv},
    {".json", row_format::json},
}};

}  // namespace

std::optional<row_format> parse_row_format(std::string_view name) {
    for (const auto& [known, format] : format_names) {
        if (known == name) return format;
    }
    return std::nullopt;
}

std::string_view to_string(row_format format) {
    for (const auto& [name, known] : format_names) {
        if (known == format) return name;
    }
    return "auto";
}

std::optional<char> parse_separator(std::string_view text) {
    if (text == "tab" || text == "\\t") return '\t';
    if (text.size() != 1) return std::nullopt;
    const char one = text.front();
    const bool is_part = one == '"' || one == '\n' || one == '\r' || (one & 0x80) != 0 || one == '\0';
    return is_part ? std::nullopt : std::optional(one);
}

std::string separator_text(char separator) {
    return separator == '\t' ? "tab" : std::string(1, separator);
}

row_format format_by_name(std::string_view path) {
    for (const std::string_view packed : {".gz", ".zst"}) {
        if (path.ends_with(packed)) path.remove_suffix(packed.size());
    }
    for (const auto& [ending, format] : format_endings) {
        if (path.ends_with(ending)) return format;
    }
    return row_format::automatic;
}

}  // namespace app
