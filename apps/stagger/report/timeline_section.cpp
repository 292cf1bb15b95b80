#include <fmt/format.h>

#include <algorithm>

#include "report/chart_figure.hpp"
#include "report/figure_text.hpp"
#include "report/html_table.hpp"
#include "report/sections.hpp"

namespace app {
namespace {

namespace load = stagger::load;

html_cell count_cell(std::uint64_t count) {
    return number_cell(static_cast<double>(count));
}

std::string rows_table(const labelled_run& run) {
    const load::timeline_results& timeline = run.found->timeline;
    html_table table(
        fmt::format("{}: counts within {} s, the rest at their end", run.label, amount_text(timeline.step_s)),
        {"from (s)", "attempts", "rejections", "answers", "pace (1/s)", "limit (1/s)", "limit in flight",
         "in flight", "waiting"});
    for (const load::timeline_row& each : timeline.rows) {
        table.add(amount_text(each.t_s),
                  {count_cell(each.attempts), count_cell(each.rejections), count_cell(each.successes),
                   number_cell(each.pace_per_s), number_cell(each.limit_per_s),
                   number_cell(each.limit_in_flight), count_cell(each.in_flight), count_cell(each.waiting)});
    }
    return table.folded(fmt::format("{}: all {} steps as a table", run.label, timeline.rows.size()));
}

std::string arrivals_chart(const labelled_run& run, std::size_t index) {
    return html({run.label, "", "arrivals", {{"run", std::to_string(index)}}});
}

}  // namespace

std::string timeline_section(const labelled_runs& runs) {
    std::string charts;
    std::string tables;
    for (std::size_t each = 0; each < runs.size(); ++each) {
        if (runs[each].found->timeline.rows.empty()) continue;
        charts += arrivals_chart(runs[each], each);
        tables += rows_table(runs[each]);
    }
    if (charts.empty()) return {};
    std::string text =
        "<section>\n<h2>Arrivals, limit and pace over time</h2>\n"
        "<p class=\"muted\">Attempts a second, by when they were sent; the hatched part was refused. Lines: "
        "the "
        "limit as the client has learned it (dashed), and the pace at which it may send. A limit on "
        "requests in flight stands in the chart of those.";
    text += runs.size() > 1 ? " All runs have the same axes.</p>\n" : "</p>\n";
    text += charts + "<div class=\"small\">\n";
    text +=
        html({"Requests in flight", "", "standing", {{"field", "in_flight"}, {"limit", "limit_in_flight"}}});
    text += html({"Requests that wait", "", "standing", {{"field", "waiting"}}});
    return text + "</div>\n" + tables + "</section>\n";
}

}  // namespace app
