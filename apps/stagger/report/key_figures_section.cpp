#include <fmt/format.h>

#include "prices/price_list.hpp"
#include "report/figure_text.hpp"
#include "report/sections.hpp"
#include "terminal/markup_text.hpp"

namespace app {
namespace {

namespace load = stagger::load;

std::string term(const std::string& term, const std::string& description) {
    return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", term, description);
}

std::string count_text(std::uint64_t count) {
    return amount_text(static_cast<double>(count));
}

std::string amount_or_dash(std::optional<double> value) {
    return value ? amount_text(*value) : "–";
}

std::string latency_lines(const load::run_results& found) {
    const auto total = found.latency_ms.find(std::string(load::latency_kinds::total));
    if (total == found.latency_ms.end() || total->second.count == 0) return {};
    return term("latency, p50", span_text(total->second.p50)) +
           term("latency, p99", span_text(total->second.p99));
}

std::string answer_lines(const load::answer_results& answers) {
    std::string text;
    if (answers.cost) text += term("cost", cost_text(*answers.cost));
    if (answers.unpriced > 0) text += term("without a price", count_text(answers.unpriced));
    return text + term("cut off", count_text(answers.truncated)) +
           term("refused by the model", count_text(answers.refused));
}

std::string card(const labelled_run& run) {
    const load::run_results& found = *run.found;
    std::string text = fmt::format("<article class=\"card\">\n<h3>{}</h3>\n", markup_text(run.label));
    text +=
        fmt::format("<p class=\"main\"><b>{}</b> answers/s</p>\n<dl>\n", amount_text(found.goodput_per_s));
    if (found.slo_goodput_per_s)
        text += term("in the objective", amount_text(*found.slo_goodput_per_s) + "/s");
    text +=
        term("answered", fmt::format("{} of {}", count_text(found.succeeded), count_text(found.requests)));
    text += latency_lines(found);
    if (found.answers) text += answer_lines(*found.answers);
    text += term("attempts/answer", amount_or_dash(found.attempts_per_success));
    text += term("rejected per 100", amount_or_dash(found.rejections_per_100_successes));
    text += term("peak in 10 ms", count_text(found.peak_10ms));
    return text + "</dl>\n</article>\n";
}

std::string notice(const std::string& who, const std::string& message) {
    return fmt::format("<li><strong>{}:</strong> {}</li>\n", markup_text(who), message);
}

}  // namespace

std::string key_figures_section(const labelled_runs& runs) {
    std::string text = "<section>\n<h2>Key figures</h2>\n";
    text += runs.size() == 1 ? "<div class=\"cards single\">\n" : "<div class=\"cards\">\n";
    for (const labelled_run& each : runs) text += card(each);
    return text + "</div>\n</section>\n";
}

std::string notices(const labelled_runs& runs) {
    std::string text;
    for (const labelled_run& each : runs) {
        const load::run_results& found = *each.found;
        if (found.interrupted) {
            text +=
                notice(each.label,
                       "it ended before its load was complete; the figures are of what was measured until "
                       "then.");
        }
        if (found.schedule && found.schedule->fell_behind) {
            text +=
                notice(each.label,
                       fmt::format("the sender fell behind its schedule by up to {}; it sent {} a second. "
                                   "Latencies count from the schedule, so they contain that.",
                                   span_text(found.schedule->lag_max_ms),
                                   amount_text(found.schedule->achieved_per_s)));
        }
        if (found.answers && found.answers->truncated > 0) {
            const bool one = found.answers->truncated == 1;
            text += notice(each.label, fmt::format("{} answer{} cut off at {} greatest length.",
                                                   count_text(found.answers->truncated),
                                                   one ? " was" : "s were", one ? "its" : "their"));
        }
        if (found.failed > 0) {
            text += notice(each.label, fmt::format("{} of {} requests failed; latencies contain theirs.",
                                                   count_text(found.failed), count_text(found.requests)));
        }
    }
    return text.empty() ? text : "<ul class=\"notice\" role=\"note\">\n" + text + "</ul>\n";
}

}  // namespace app
