#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "prices/price_list.hpp"
#include "report/chart_figure.hpp"
#include "report/html_table.hpp"
#include "report/sections.hpp"

namespace app {
namespace {

namespace load = stagger::load;

enum class better { neither, high, low };

/// A row of the comparison.
struct measure {
    const char* title;
    std::function<std::optional<double>(const load::run_results&)> of;
    better is = better::neither;
    /// Among which runs.
    enum class among { all, without_failures, of_one_size } is_compared = among::all;
    html_cell (*shown)(std::optional<double>) = number_cell;
};

// Who gives up early is not the fastest, and who was asked for less has not failed less.
constexpr auto without_failures = measure::among::without_failures;
constexpr auto of_one_size = measure::among::of_one_size;

template <class Value>
std::function<std::optional<double>(const load::run_results&)> field(Value load::run_results::*member) {
    return [member](const load::run_results& found) -> std::optional<double> {
        if constexpr (std::is_arithmetic_v<Value>)
            return static_cast<double>(found.*member);
        else
            return found.*member;
    };
}

std::function<std::optional<double>(const load::run_results&)> latency(
    double load::latency_summary::*percentile) {
    return [percentile](const load::run_results& found) -> std::optional<double> {
        const auto total = found.latency_ms.find(std::string(load::latency_kinds::total));
        if (total == found.latency_ms.end() || total->second.count == 0) return std::nullopt;
        return total->second.*percentile;
    };
}

template <class Value>
std::function<std::optional<double>(const load::run_results&)> schedule(
    Value load::schedule_results::*member) {
    return [member](const load::run_results& found) -> std::optional<double> {
        if (!found.schedule) return std::nullopt;
        return found.schedule.value().*member;
    };
}

template <class Value>
std::function<std::optional<double>(const load::run_results&)> answers(Value load::answer_results::*member) {
    return [member](const load::run_results& found) -> std::optional<double> {
        if (!found.answers) return std::nullopt;
        return found.answers.value().*member;
    };
}

/// Of runs whose answers have prices.
std::optional<double> without_price(const load::run_results& found) {
    if (!found.answers || !found.answers->cost) return std::nullopt;
    return static_cast<double>(found.answers->unpriced);
}

/// As sums of money are written, never with an exponent.
html_cell cost_cell(std::optional<double> cost) {
    html_cell cell = number_cell(cost);
    if (cost) cell.text = cost_text(*cost);
    return cell;
}

std::vector<measure> all_measures() {
    using run = load::run_results;
    using sending = load::schedule_results;
    using answer = load::answer_results;
    constexpr auto all = measure::among::all;
    return {
        {"answers a second (goodput)", field(&run::goodput_per_s), better::high},
        {"answers a second within the objective", field(&run::slo_goodput_per_s), better::high},
        {"latency, p50 (ms)", latency(&load::latency_summary::p50), better::low, without_failures},
        {"latency, p99 (ms)", latency(&load::latency_summary::p99), better::low, without_failures},
        {"requests", field(&run::requests)},
        {"answered", field(&run::succeeded), better::high, of_one_size},
        {"failed", field(&run::failed), better::low, of_one_size},
        {"attempts", field(&run::attempts)},
        {"rejections", field(&run::rejections), better::low, of_one_size},
        {"attempts per answer", field(&run::attempts_per_success), better::low},
        {"rejections per 100 answers", field(&run::rejections_per_100_successes), better::low},
        {"most attempts in 10 ms", field(&run::peak_10ms), better::low},
        {"most attempts in 1 s", field(&run::peak_1s), better::low},
        {"closed (s)", field(&run::closed_s), better::low},
        {"completion tokens a second", field(&run::tokens_per_s), better::high},
        {"prompt tokens", field(&run::prompt_tokens)},
        {"completion tokens", field(&run::completion_tokens)},
        {"wasted tokens", field(&run::wasted_tokens), better::low, of_one_size},
        {"cost", answers(&answer::cost), better::neither, all, cost_cell},
        {"answers without a price", without_price},
        {"answers cut off", answers(&answer::truncated)},
        {"answers refused by the model", answers(&answer::refused)},
        {"schedule: asked for, a second", schedule(&sending::asked_per_s)},
        {"schedule: sent, a second", schedule(&sending::achieved_per_s)},
        {"schedule: late by, p50 (ms)", schedule(&sending::lag_p50_ms), better::low},
        {"schedule: late by, p99 (ms)", schedule(&sending::lag_p99_ms), better::low},
        {"schedule: late by, at most (ms)", schedule(&sending::lag_max_ms), better::low},
        {"took (s)", field(&run::elapsed_s)},
        {"measured (s)", field(&run::measured_s)},
    };
}

/// The best value; nothing where no run has one, or all have the same.
std::optional<double> best_of(const std::vector<std::optional<double>>& values, better is) {
    std::vector<double> known;
    for (const auto& each : values) {
        if (each) known.push_back(*each);
    }
    if (is == better::neither || known.empty()) return std::nullopt;
    const auto [least, greatest] = std::minmax_element(known.begin(), known.end());
    if (*least == *greatest) return std::nullopt;
    return is == better::high ? *greatest : *least;
}

bool may_be_best(const measure& one, const labelled_run& run, const labelled_runs& runs) {
    const auto has_as_many = [&](const labelled_run& other) {
        return other.found->requests == run.found->requests;
    };
    switch (one.is_compared) {
        case measure::among::all:
            return true;
        case measure::among::without_failures:
            return run.found->failed == 0;
        case measure::among::of_one_size:
            return std::all_of(runs.begin(), runs.end(), has_as_many);
    }
    return false;
}

void add_measure(html_table& table, const measure& one, const labelled_runs& runs) {
    std::vector<std::optional<double>> values;
    std::vector<std::optional<double>> compared;
    for (const labelled_run& each : runs) {
        values.push_back(one.of(*each.found));
        compared.push_back(may_be_best(one, each, runs) ? values.back() : std::nullopt);
    }
    const auto known = [](const std::optional<double>& value) { return value.has_value(); };
    if (std::none_of(values.begin(), values.end(), known)) return;
    const auto best = best_of(compared, one.is);
    std::vector<html_cell> cells;
    for (std::size_t each = 0; each < values.size(); ++each) {
        cells.push_back(one.shown(values[each]));
        cells.back().best = best && compared[each] == best;
    }
    table.add(one.title, cells);
}

std::string charts(const labelled_runs& runs) {
    const std::string height = height_of_bars(runs.size(), false);
    std::string text = "<div class=\"small\">\n";
    for (const auto& [title, name] :
         {std::pair("Answers a second", "goodput_per_s"), std::pair("Latency, p99", "p99"),
          std::pair("Attempts per answer", "attempts_per_success"),
          std::pair("Rejections per 100 answers", "rejections_per_100_successes")}) {
        text += html(chart_figure{title, "", "comparison", {{"measure", name}}, height});
    }
    return text + "</div>\n";
}

}  // namespace

std::string comparison_section(const labelled_runs& runs) {
    const bool several = runs.size() > 1;
    std::vector<std::string> columns{"figure"};
    for (const labelled_run& each : runs) columns.push_back(each.label);
    html_table table(
        several
            ? "All figures of the measured part. Bold: the best of a row, where more or less of it is "
              "better; "
              "of latencies, among runs without failures; of counts, where all runs have as many requests."
            : "All figures of the measured part.",
        columns);
    for (const measure& each : all_measures()) add_measure(table, each, runs);
    return std::string("<section>\n<h2>") + (several ? "Side by side" : "All figures") + "</h2>\n" +
           (several ? charts(runs) : "") + table.html("all-figures") + "</section>\n";
}

std::string failures_section(const labelled_runs& runs) {
    std::map<std::string, std::vector<html_cell>> rows;
    for (std::size_t each = 0; each < runs.size(); ++each) {
        for (const auto& [reason, count] : runs[each].found->failures) {
            auto& cells = rows.try_emplace(reason, runs.size(), html_cell{"0", 0.0}).first->second;
            cells[each] = number_cell(static_cast<double>(count));
        }
    }
    if (rows.empty()) return {};
    std::vector<std::string> columns{"reason"};
    for (const labelled_run& each : runs) columns.push_back(each.label);
    html_table table("Requests that failed", columns);
    for (const auto& [reason, cells] : rows) table.add(reason, cells);
    return "<section>\n<h2>Failures</h2>\n" + table.html() + "</section>\n";
}

}  // namespace app
