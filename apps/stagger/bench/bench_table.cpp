#include "bench_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "terminal/text_table.hpp"

namespace app {
namespace {

namespace load = stagger::load;
using kind = text_table::column::kind;

// In a closed loop nothing is due before it can be sent.
constexpr auto total_of_closed_loop = "total";
constexpr std::array latency_rows{
    std::pair(load::latency_kinds::total, "total, from the schedule"),
    std::pair(load::latency_kinds::from_actual_send, "total, from its first send"),
    std::pair(load::latency_kinds::waiting_in_line, "waiting in line"),
    std::pair(load::latency_kinds::backing_off, "backing off"),
    std::pair(load::latency_kinds::connecting, "connecting"),
    std::pair(load::latency_kinds::first_token, "first token"),
    std::pair(load::latency_kinds::between_tokens, "between tokens"),
    std::pair(load::latency_kinds::service, "service"),
};

std::string number_or_dash(const std::optional<double>& value) {
    return value ? fmt::format("{:.2f}", *value) : "-";
}

bool is_open_loop(const load::results_document& results) {
    return !results.runs.empty() && results.runs.front().schedule;
}

std::string title_of(const load::run_results& run) {
    return run.interrupted ? run.policy + " (interrupted)" : run.policy;
}

std::string policies_table(const load::results_document& results) {
    text_table table({{"policy", kind::words},
                      {"requests"},
                      {"failed"},
                      {"goodput/s"},
                      {"SLO goodput/s"},
                      {"tokens/s"},
                      {"attempts/success"},
                      {"rejections/100"},
                      {"wasted tokens"},
                      {"peak 10 ms"},
                      {"peak 1 s"},
                      {"closed s"}});
    for (const load::run_results& run : results.runs) {
        table.add({title_of(run), std::to_string(run.requests), std::to_string(run.failed),
                   fmt::format("{:.2f}", run.goodput_per_s), number_or_dash(run.slo_goodput_per_s),
                   fmt::format("{:.0f}", run.tokens_per_s), number_or_dash(run.attempts_per_success),
                   number_or_dash(run.rejections_per_100_successes), std::to_string(run.wasted_tokens),
                   std::to_string(run.peak_10ms), std::to_string(run.peak_1s),
                   fmt::format("{:.1f}", run.closed_s)});
    }
    return table.aligned();
}

/// The most frequent reason first; those of a policy that failed for many are added up.
std::string failures_table(const load::results_document& results) {
    constexpr std::size_t shown = 3;
    text_table table({{"policy", kind::words}, {"failed"}, {"because of", kind::words}});
    for (const load::run_results& run : results.runs) {
        std::vector<std::pair<std::string, std::uint64_t>> reasons(run.failures.begin(), run.failures.end());
        std::stable_sort(reasons.begin(), reasons.end(),
                         [](const auto& left, const auto& right) { return left.second > right.second; });
        std::uint64_t others = 0;
        for (std::size_t each = 0; each < reasons.size(); ++each) {
            const auto& [reason, count] = reasons[each];
            if (each < shown)
                table.add({run.policy, std::to_string(count), reason});
            else
                others += count;
        }
        if (others > 0) table.add({run.policy, std::to_string(others), "others"});
    }
    return table.aligned();
}

/// Of those policies that had any.
std::string empty_answers_table(const load::results_document& results) {
    text_table table({{"policy", kind::words}, {"empty answers"}});
    for (const load::run_results& run : results.runs) {
        if (run.empty_answers) table.add({run.policy, std::to_string(*run.empty_answers)});
    }
    return table.empty() ? "" : "\n" + table.aligned();
}

std::string latency_table(const load::results_document& results) {
    text_table table({{"policy", kind::words},
                      {"latency in ms", kind::words},
                      {"mean"},
                      {"p50"},
                      {"p90"},
                      {"p95"},
                      {"p99"},
                      {"p99.9"},
                      {"max"}});
    for (const load::run_results& run : results.runs) {
        for (const auto& [name, words] : latency_rows) {
            const auto found = run.latency_ms.find(std::string(name));
            if (found == run.latency_ms.end() || found->second.max == 0) continue;
            const load::latency_summary& of = found->second;
            const bool plain = name == load::latency_kinds::total && !run.schedule;
            std::vector<std::string> cells{run.policy, plain ? total_of_closed_loop : words};
            for (const double ms : {of.mean, of.p50, of.p90, of.p95, of.p99, of.p999, of.max})
                cells.push_back(fmt::format("{:.2f}", ms));
            table.add(std::move(cells));
        }
    }
    return table.empty() ? "" : "\n" + table.aligned();
}

std::string schedule_table(const load::results_document& results) {
    text_table table({{"policy", kind::words},
                      {"asked/s"},
                      {"achieved/s"},
                      {"lag p50 ms"},
                      {"lag p99 ms"},
                      {"lag max ms"}});
    for (const load::run_results& run : results.runs) {
        if (!run.schedule) continue;
        const load::schedule_results& of = *run.schedule;
        table.add({run.policy, number_or_dash(of.asked_per_s), fmt::format("{:.2f}", of.achieved_per_s),
                   fmt::format("{:.3f}", of.lag_p50_ms), fmt::format("{:.3f}", of.lag_p99_ms),
                   fmt::format("{:.3f}", of.lag_max_ms)});
    }
    return table.aligned();
}

}  // namespace

std::string bench_tables(const load::results_document& results) {
    const auto& runs = results.runs;
    std::string text = policies_table(results);
    if (std::any_of(runs.begin(), runs.end(), [](const auto& run) { return !run.failures.empty(); }))
        text += "\n" + failures_table(results);
    text += empty_answers_table(results);
    text += latency_table(results);
    if (is_open_loop(results)) text += "\n" + schedule_table(results);
    return text;
}

std::string doubts_about(const load::run_results& run, const load::load_description& load) {
    if (run.measured_s <= 0 || run.requests == 0) {
        const bool cut_off = load.warm_up_s > 0 || load.cool_down_s > 0;
        return fmt::format("{}: nothing was measured: {} the {:.1f} s that the run took{}", run.policy,
                           cut_off ? "no request ended in what is left of" : "no request ended within",
                           run.elapsed_s, cut_off ? " without warm-up and cool-down" : "");
    }
    if (!run.schedule || !run.schedule->fell_behind) return {};
    const load::schedule_results& of = *run.schedule;
    return fmt::format(
        "{}: the sender fell behind its schedule: {:.2f}/s of {:.2f}/s, 1 % of the sends {:.1f} ms late or "
        "more",
        run.policy, of.achieved_per_s, of.asked_per_s.value_or(0), of.lag_p99_ms);
}

}  // namespace app
