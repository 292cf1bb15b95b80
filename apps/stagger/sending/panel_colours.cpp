#include "panel_colours.hpp"

#include <algorithm>

#include "progress_panel.hpp"
#include "terminal/colour.hpp"

namespace app {
namespace {

constexpr std::string_view bar_marks = "#";
constexpr std::string_view failed_mark = " failed";

/// The number in front of " failed", with the word; empty where nothing did.
std::string_view failures(std::string_view row) {
    const auto mark = row.find(failed_mark);
    if (mark == std::string_view::npos) return {};
    const auto before = row.substr(0, mark).find_last_not_of("0123456789");
    const auto from = before == std::string_view::npos ? 0 : before + 1;
    return row.substr(from, mark + failed_mark.size() - from);
}

void append_row(std::string& text, std::string_view row) {
    const auto label = row.substr(0, std::min(row.size(), panel_label_width));
    const auto value = row.substr(label.size());
    const bool holds_up = label.starts_with("server") || label.starts_with("stopping");
    text += painted(label, holds_up ? colour::yellow : colour::faint);
    std::string_view marked = failures(value);
    auto how = colour::red;
    if (label.starts_with("done") && marked.empty()) {
        const auto from = value.find_first_of(bar_marks);
        if (from != std::string_view::npos)
            marked = value.substr(from, value.find_first_not_of(bar_marks, from) - from);
        how = colour::green;
    }
    if (marked.empty()) {
        text += value;
        return;
    }
    const auto at = static_cast<std::size_t>(marked.data() - value.data());
    text += value.substr(0, at);
    text += painted(marked, how);
    text += value.substr(at + marked.size());
}

}  // namespace

std::string coloured_panel(std::string_view panel) {
    std::string text;
    while (true) {
        const auto end = panel.find('\n');
        append_row(text, panel.substr(0, end));
        if (end == std::string_view::npos) return text;
        text += '\n';
        panel.remove_prefix(end + 1);
    }
}

}  // namespace app
