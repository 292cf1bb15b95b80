#include "report/html_table.hpp"

#include <fmt/format.h>

#include <cmath>

#include "report/figure_text.hpp"
#include "terminal/markup_text.hpp"

namespace app {

html_cell number_cell(std::optional<double> value) {
    if (!value) return {"–"};
    return {amount_text(*value), *value};
}

html_cell ms_cell(std::optional<double> ms) {
    html_cell cell = number_cell(ms);
    constexpr double us_per_ms = 1000;
    if (ms) cell.text = amount_text(std::round(*ms * us_per_ms) / us_per_ms);
    return cell;
}

html_table::html_table(std::string caption, std::vector<std::string> columns)
    : caption_(std::move(caption)), columns_(std::move(columns)) {}

void html_table::add(const std::string& title, const std::vector<html_cell>& cells) {
    add_row("<tr>", title, cells);
}

void html_table::add_part(const std::string& title, const std::vector<html_cell>& cells) {
    add_row("<tr data-part=\"\">", title, cells);
}

void html_table::add_row(const std::string& row_tag, const std::string& title,
                         const std::vector<html_cell>& cells) {
    rows_ += fmt::format("{}<th scope=\"row\">{}</th>", row_tag, markup_text(title));
    for (const html_cell& each : cells) {
        rows_ += "<td class=\"number\"";
        if (each.value) rows_ += fmt::format(" data-value=\"{}\"", *each.value);
        const std::string text = markup_text(each.text);
        rows_ += each.best ? "><strong>" + text + "</strong></td>" : ">" + text + "</td>";
    }
    rows_ += "</tr>\n";
}

std::string html_table::html(const std::string& id) const {
    const std::string caption = markup_text(caption_);
    std::string text =
        fmt::format("<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"{}\">\n", caption);
    text += id.empty() ? "<table>\n" : fmt::format("<table id=\"{}\">\n", markup_text(id));
    text += fmt::format("<caption>{}</caption>\n<thead><tr>", caption);
    for (std::size_t each = 0; each < columns_.size(); ++each) {
        text += fmt::format("<th scope=\"col\"{}>{}</th>", each == 0 ? "" : " class=\"number\"",
                            markup_text(columns_[each]));
    }
    return text + "</tr></thead>\n<tbody>\n" + rows_ + "</tbody>\n</table>\n</div>\n";
}

std::string html_table::folded(const std::string& summary) const {
    return fmt::format("<details><summary>{}</summary>\n{}</details>\n", markup_text(summary), html());
}

}  // namespace app
