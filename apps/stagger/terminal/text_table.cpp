#include "text_table.hpp"

#include <algorithm>
#include <cstddef>

namespace app {
namespace {

/// Characters, not bytes; those of double width are counted as one.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        constexpr unsigned continuation_mask = 0xc0;
        constexpr unsigned continuation = 0x80;
        return (static_cast<unsigned char>(byte) & continuation_mask) != continuation;
    }));
}

std::string escaped(const std::string& cell) {
    std::string text;
    for (const char each : cell) {
        if (each == '|') text += '\\';
        text += each;
    }
    return text;
}

}  // namespace

std::string text_table::aligned() const {
    std::vector<std::string> titles;
    for (const column& each : columns_) titles.push_back(each.title);
    std::vector<std::vector<std::string>> lines{titles};
    lines.insert(lines.end(), rows_.begin(), rows_.end());
    std::vector<std::size_t> widths(columns_.size());
    for (const auto& line : lines) {
        for (std::size_t each = 0; each < widths.size(); ++each)
            widths[each] = std::max(widths[each], width_of(line[each]));
    }
    std::string text;
    for (const auto& line : lines) {
        std::string aligned;
        for (std::size_t each = 0; each < widths.size(); ++each) {
            const std::string padding(widths[each] - width_of(line[each]), ' ');
            if (each > 0) aligned += "  ";
            aligned +=
                columns_[each].holds == column::kind::words ? line[each] + padding : padding + line[each];
        }
        aligned.erase(aligned.find_last_not_of(' ') + 1);
        text += aligned + "\n";
    }
    return text;
}

std::string text_table::markdown() const {
    std::string titles = "|";
    std::string rule = "|";
    for (const column& each : columns_) {
        titles.append(" ").append(each.title).append(" |");
        rule += each.holds == column::kind::words ? "---|" : "---:|";
    }
    std::string text = titles + "\n" + rule + "\n";
    for (const auto& row : rows_) {
        text += "|";
        for (const std::string& cell : row) text.append(" ").append(escaped(cell)).append(" |");
        text += "\n";
    }
    return text;
}

}  // namespace app
