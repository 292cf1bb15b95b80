#include <algorithm>
#include <array>

#include "report/chart_figure.hpp"
#include "report/html_table.hpp"
#include "report/sections.hpp"
#include "sending/progress.hpp"

namespace app {
namespace {

namespace load = stagger::load;
namespace kinds = load::latency_kinds;

std::vector<std::string> columns_of(const std::string& first, const labelled_runs& runs) {
    std::vector<std::string> columns{first};
    for (const labelled_run& each : runs) columns.push_back(each.label);
    return columns;
}

/// Milliseconds of all requests together; zero where nothing was measured.
double sum_ms(const load::run_results& found, std::string_view key) {
    const auto of = found.latency_ms.find(std::string(key));
    return of == found.latency_ms.end() ? 0 : of->second.mean * static_cast<double>(of->second.count);
}

double requests(const load::run_results& found) {
    const auto total = found.latency_ms.find(std::string(kinds::total));
    return total == found.latency_ms.end() ? 0 : static_cast<double>(total->second.count);
}

struct part {
    const char* title;
    std::string_view key;
};
constexpr std::array parts{part{"waiting in line", kinds::waiting_in_line},
                           part{"backing off", kinds::backing_off}, part{"connecting", kinds::connecting},
                           part{"service", kinds::service}};

html_cell mean_cell(const load::run_results& found, double ms) {
    const double count = requests(found);
    return ms_cell(count > 0 ? std::optional(ms / count) : std::nullopt);
}

/// What no part explains: attempts that failed, and being late for the schedule.
double rest_ms(const load::run_results& found) {
    double explained = 0;
    for (const part& each : parts) explained += sum_ms(found, each.key);
    return std::max(sum_ms(found, kinds::total) - explained, 0.0);
}

std::string spent_chart(const labelled_runs& runs) {
    const auto measured = [](const labelled_run& run) { return requests(*run.found) > 0; };
    if (std::none_of(runs.begin(), runs.end(), measured)) return {};
    html_table table("Mean time of a request, in milliseconds", columns_of("spent on", runs));
    const auto row = [&](auto ms_of) {
        std::vector<html_cell> cells;
        for (const labelled_run& each : runs) cells.push_back(mean_cell(*each.found, ms_of(*each.found)));
        return cells;
    };
    for (const part& each : parts) {
        table.add_part(each.title, row([&](const auto& found) { return sum_ms(found, each.key); }));
    }
    table.add_part("attempts that failed, and the rest", row(rest_ms));
    table.add("all of it", row([](const auto& found) { return sum_ms(found, kinds::total); }));
    return html({"Mean time of a request, by what it was spent on",
                 "",
                 "spent",
                 {{"table", "spent"}},
                 height_of_bars(runs.size(), true)}) +
           table.html("spent");
}

std::string reason_text(stagger::wait_reason why) {
    return why == stagger::wait_reason::none ? "not looked at yet" : std::string(in_words(why));
}

std::string waiting_chart(const labelled_runs& runs) {
    html_table table("Waiting of all requests together, in seconds", columns_of("waited for", runs));
    std::vector<html_cell> totals;
    for (const labelled_run& each : runs)
        totals.push_back(number_cell(each.found->waiting_s.total().count()));
    auto reasons = stagger::wait_reasons;
    std::rotate(reasons.begin(), reasons.begin() + 1, reasons.end());  // `none` last
    for (const stagger::wait_reason why : reasons) {
        std::vector<html_cell> cells;
        double all = 0;
        for (const labelled_run& each : runs) {
            const double waited_s = each.found->waiting_s[why].count();
            cells.push_back(number_cell(waited_s));
            all += waited_s;
        }
        if (all > 0) table.add_part(reason_text(why), cells);
    }
    if (table.empty()) return {};
    table.add("all of it", totals);
    return html({"Waiting, by what was waited for",
                 "All requests together.",
                 "waiting",
                 {{"table", "waiting"}},
                 height_of_bars(runs.size(), true)}) +
           table.html("waiting");
}

}  // namespace

std::string time_spent_section(const labelled_runs& runs) {
    const std::string text = spent_chart(runs) + waiting_chart(runs);
    return text.empty() ? text : "<section>\n<h2>Where the time went</h2>\n" + text + "</section>\n";
}

}  // namespace app
