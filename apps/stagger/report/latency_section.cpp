#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "report/chart_figure.hpp"
#include "report/figure_text.hpp"
#include "report/html_table.hpp"
#include "report/sections.hpp"

namespace app {
namespace {

namespace load = stagger::load;
namespace kinds = load::latency_kinds;

struct latency_kind {
    std::string_view key;
    const char* title;
    const char* meaning;
    bool has_chart;
};

constexpr std::array latencies{
    latency_kind{kinds::total, "Whole answer",
                 "From the moment at which the request was due until its answer was whole, or it had failed.",
                 true},
    latency_kind{
        kinds::from_actual_send, "From the actual send",
        "The naive figure: from the first byte that was sent, so that waiting to be sent is left out.", true},
    latency_kind{kinds::first_token, "First token", "From the moment at which the request was due.", true},
    latency_kind{kinds::between_tokens, "Between tokens", "From a piece of a streamed answer to the next.",
                 true},
    latency_kind{kinds::waiting_in_line, "Waiting in line", "For leave to send.", false},
    latency_kind{kinds::backing_off, "Backing off",
                 "A wait of the request's own, after an attempt that failed.", false},
    latency_kind{kinds::connecting, "Connecting", "Of attempts that opened a connection.", false},
    latency_kind{kinds::service, "Service",
                 "Of attempts that succeeded: from sent until the answer was whole.", false},
};

const load::latency_summary* found_of(const labelled_run& run, std::string_view key) {
    const auto found = run.found->latency_ms.find(std::string(key));
    return found == run.found->latency_ms.end() || found->second.count == 0 ? nullptr : &found->second;
}

std::string percentile_table(const labelled_runs& runs, const latency_kind& kind) {
    html_table table(fmt::format("{}, in milliseconds", kind.title),
                     {"run", "count", "mean", "min", "p50", "p90", "p95", "p99", "p99.9", "max"});
    for (const labelled_run& each : runs) {
        const load::latency_summary* found = found_of(each, kind.key);
        if (!found) continue;
        table.add(each.label,
                  {number_cell(static_cast<double>(found->count)), ms_cell(found->mean), ms_cell(found->min),
                   ms_cell(found->p50), ms_cell(found->p90), ms_cell(found->p95), ms_cell(found->p99),
                   ms_cell(found->p999), ms_cell(found->max)});
    }
    return table.html();
}

/// The histograms side by side, a row for each bound that one of them has.
std::string histogram_table(const labelled_runs& runs, const latency_kind& kind) {
    std::map<double, std::vector<html_cell>> rows;
    std::vector<std::string> columns{"up to (ms)"};
    std::size_t column = 0;
    const auto measured = static_cast<std::size_t>(std::count_if(
        runs.begin(), runs.end(), [&](const labelled_run& run) { return found_of(run, kind.key); }));
    for (const labelled_run& each : runs) {
        const load::latency_summary* found = found_of(each, kind.key);
        if (!found) continue;
        columns.push_back(each.label);
        for (const auto& bucket : found->histogram) {
            auto& cells = rows.try_emplace(bucket.upper_ms, measured, html_cell{"0", 0.0}).first->second;
            cells[column] = number_cell(static_cast<double>(bucket.count));
        }
        ++column;
    }
    if (rows.empty()) return {};
    html_table table(std::string(kind.title) + ": how many took so long", columns);
    for (const auto& [upper_ms, cells] : rows) table.add(amount_text(upper_ms), cells);
    return table.folded(std::string(kind.title) + ": the whole distribution as a table");
}

std::string one_kind(const labelled_runs& runs, const latency_kind& kind) {
    const std::string head =
        kind.has_chart ? html({kind.title, kind.meaning, "percentiles", {{"latency", std::string(kind.key)}}})
                       : fmt::format("<h3>{}</h3>\n<p class=\"muted\">{}</p>\n", kind.title, kind.meaning);
    return head + percentile_table(runs, kind) + histogram_table(runs, kind);
}

}  // namespace

std::string latency_section(const labelled_runs& runs) {
    std::string text;
    for (const latency_kind& kind : latencies) {
        const auto measured = [&](const labelled_run& run) { return found_of(run, kind.key) != nullptr; };
        if (std::any_of(runs.begin(), runs.end(), measured)) text += one_kind(runs, kind);
    }
    return text.empty() ? text : "<section>\n<h2>Latency</h2>\n" + text + "</section>\n";
}

}  // namespace app
