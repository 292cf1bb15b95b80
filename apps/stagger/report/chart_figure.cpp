#include "report/chart_figure.hpp"

#include <fmt/format.h>

#include "terminal/markup_text.hpp"

namespace app {

std::string height_of_bars(std::size_t bars, bool keys) {
    constexpr std::size_t few = 4;
    constexpr std::size_t many = 8;
    if (bars > many) return "high";
    if (bars > few) return keys ? "" : "middle";
    return keys ? "middle" : "low";
}

std::string html(const chart_figure& figure) {
    const std::string title = markup_text(figure.title);
    std::string told;
    for (const auto& [name, value] : figure.told)
        told += fmt::format(" data-{}=\"{}\"", name, markup_text(value));
    const std::string plot_class = figure.height.empty() ? "plot" : "plot " + figure.height;
    return fmt::format(
        "<figure>\n<figcaption><h3>{0}</h3>{1}</figcaption>\n"
        "<div class=\"{2}\"><canvas data-chart=\"{3}\"{4} role=\"img\" aria-label=\"Chart: {0}. The table "
        "that "
        "follows has its numbers.\"></canvas></div>\n"
        "<p class=\"unplotted\">The chart is drawn by a script; the table that follows has its numbers.</p>\n"
        "<p class=\"cut-off muted\" hidden=\"\"></p>\n</figure>\n",
        title, markup_text(figure.caption), plot_class, figure.kind, told);
}

}  // namespace app
