#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <optional>

#include "cli/commands.hpp"
#include "cli/distinct_files.hpp"
#include "cli/option_values.hpp"
#include "cli/output_file.hpp"
#include "figures_check.hpp"
#include "never_worse.hpp"
#include "random_summary.hpp"
#include "scenario/format_scenario.hpp"
#include "sending/decision_log_file.hpp"
#include "sending/send_options.hpp"
#include "sim/never_worse.hpp"
#include "sim/policy.hpp"
#include "sim/watching_together.hpp"
#include "simulation_cases.hpp"
#include "simulation_table.hpp"
#include "simulation_trace.hpp"
#include "terminal/console.hpp"
#include "terminal/load_plot.hpp"

namespace app {
namespace {

namespace sim = stagger::sim;
using sim::suite_row;

constexpr unsigned usual_seeds = 5;

struct simulate_options {
    std::vector<std::string> scenarios;
    std::vector<std::string> policies{"coordinated"};
    std::optional<unsigned> seeds;
    std::optional<unsigned> random;
    std::uint64_t random_seed = 1;
    std::vector<std::string> kinds;
    bool never_worse = false;
    bool markdown = false;
    bool check = false;
    std::string json;
    std::string trace;
    std::string plot;
    std::string decision_log;
    bool list = false;
    std::string show;
    std::string write_suite;

    /// Files that tell of one run.
    const char* about_one_run() const {
        return !trace.empty()          ? "--trace"
               : !decision_log.empty() ? "--decision-log"
               : !plot.empty()         ? "--plot"
                                       : nullptr;
    }
    std::vector<suite_row> rows() const {
        if (!random) return load_cases(scenarios);
        if (!scenarios.empty())
            throw failure(exit_code::wrong_usage, "--random draws its scenarios: name none beside it");
        return draw_cases(random_kinds(), *random, random_seed);
    }
    std::vector<sim::random_kind> random_kinds() const {
        if (!kinds.empty()) return find_random_kinds(kinds);
        if (never_worse) return {sim::plain_refusal_kinds.begin(), sim::plain_refusal_kinds.end()};
        return {sim::measured_kinds.begin(), sim::measured_kinds.end()};
    }
    unsigned runs_of_each() const { return seeds.value_or(about_one_run() || random ? 1 : usual_seeds); }
};

std::string names_of_kinds() {
    std::string names;
    for (const sim::random_kind each : sim::random_kinds) {
        names.append(each == sim::random_kinds.front()  ? ""
                     : each == sim::random_kinds.back() ? " or "
                                                        : ", ");
        names.append(to_string(each));
    }
    return names;
}

void add_random_options(CLI::App& parser, simulate_options& options) {
    auto* random = parser.add_option("--random", options.random, "Draw N scenarios of each kind instead")
                       ->type_name("N")
                       ->check(CLI::Range(1u, 100'000u));
    add_whole_number<std::uint64_t>(
        parser, "--random-seed", [&options](std::uint64_t value) { options.random_seed = value; }, 0,
        "Seed of the first one (default 1)")
        ->needs(random);
    parser
        .add_option("--kind", options.kinds,
                    "Of these kinds, with commas between: " + names_of_kinds() +
                        " (default: the first three; with --never-worse overload, overload_bucket, "
                        "closed_at_start and dip)")
        ->type_name("KIND,...")
        ->delimiter(',')
        ->needs(random);
}

/// Files beside the table, and what else than running is asked for.
void add_output_options(CLI::App& parser, simulate_options& options) {
    parser.add_flag("--markdown", options.markdown, "Print the table for a page of documentation");
    parser
        .add_option("--json", options.json,
                    "Write one JSON object for every run there; - for standard output")
        ->type_name("FILE");
    parser.add_option("--trace", options.trace, "Write what happens in one run, one JSON object an event")
        ->type_name("FILE");
    parser
        .add_option("--plot", options.plot, "Draw arrivals, rejections, limit and pace over time, by policy")
        ->type_name("FILE.svg");
    parser.add_option("--decision-log", options.decision_log, "Write the coordinator's decisions in one run")
        ->type_name("FILE");
    parser.add_flag("--list", options.list, "Print the names of the built-in scenarios and run none");
    parser.add_option("--show", options.show, "Print a built-in or random scenario as a file to start from")
        ->type_name("NAME");
    parser
        .add_option("--write-suite", options.write_suite, "Write every built-in scenario as a file into DIR")
        ->type_name("DIR");
}

void add_options(CLI::App& parser, simulate_options& options) {
    parser.add_option("SCENARIO", options.scenarios,
                      "Scenario files (docs/scenarios.md) or names (see --list); none: the built-in suite");
    auto* policy = parser
                       .add_option("--policy", options.policies,
                                   "Policies to compare, with commas between (default coordinated)")
                       ->type_name("NAME,...")
                       ->delimiter(',');
    parser
        .add_option("--seeds", options.seeds,
                    "Runs of each, with the seeds from the scenario's own on (default 5, or 1 where a file "
                    "tells of one run)")
        ->type_name("N")
        ->check(CLI::Range(1u, 10'000u));
    add_random_options(parser, options);
    auto* check = parser.add_flag(
        "--check", options.check,
        "Compare the coordinated runs with the figures they have to reach; 1 where one is missed");
    add_output_options(parser, options);
    parser
        .add_flag("--never-worse", options.never_worse,
                  "Run coordinated beside " + fmt::format("{}", fmt::join(sim::rivals, ", ")) +
                      ", and compare their times run by run; 1 where it is worse than it may be")
        ->excludes(policy)
        ->excludes(check)
        ->excludes("--trace")
        ->excludes("--plot")
        ->excludes("--decision-log");
}

std::vector<sim::policy> find_policies(const std::vector<std::string>& names) {
    std::vector<sim::policy> found;
    for (const std::string& each : names) {
        auto policy = sim::find_policy(each);
        if (!policy) {
            throw unknown_policy(each);
        }
        found.push_back(std::move(*policy));
    }
    return found;
}

/// Runs everything that was asked for and collects what it is told by.
class simulations {
 public:
    explicit simulations(const simulate_options& options)
        : options_(options), rows_(options.rows()), policies_(find_policies(options.policies)) {
        refuse_what_contradicts();
        shows_table_ = !one_is_standard_output({{"--json", options.json},
                                                {"--plot", options.plot},
                                                {"--trace", options.trace},
                                                {"--decision-log", options.decision_log}});
        json_.emplace(options.json);
        plot_.emplace(options.plot);
        if (!options.trace.empty()) {
            const auto pacing = policies_.front().coordination.pacing();
            trace_.emplace(options.trace, pacing == stagger::pacing_kind::ride_the_limit);
        }
        if (!options.decision_log.empty()) log_ = std::make_shared<decision_log_file>(options.decision_log);
    }

    exit_code run() {
        for (const suite_row& row : rows_) {
            for (const sim::policy& policy : policies_) run_seeds(row, policy);
        }
        progress_.clear_status();
        json_->write(lines_);
        if (trace_) trace_->finish();
        if (log_) log_->finish();
        if (!options_.plot.empty())
            plot_->write(
                draw_load_plot(rows_.front().scenario, rows_.front().scenario.seed, std::move(plotted_)));
        if (shows_table_) {
            const text_table table =
                options_.random ? summary_.table() : measures_table(table_, options_.runs_of_each());
            write_standard_output(options_.markdown ? table.markdown() : table.aligned());
        }
        return options_.check ? tell_missed() : exit_code::done;
    }

 private:
    void refuse_what_contradicts() const {
        const auto refuse = [](const std::string& why) { throw failure(exit_code::wrong_usage, why); };
        const auto has_figures = [](const suite_row& row) { return row.required != sim::figures_to_reach(); };
        if (options_.check && !options_.random && !std::all_of(rows_.begin(), rows_.end(), has_figures))
            refuse("--check: only built-in and random scenarios have figures to reach");
        const char* option = options_.about_one_run();
        if (!option) return;
        const std::string tells = std::string(option) + " tells of one run: ";
        if (rows_.size() != 1) refuse(tells + "name one scenario, not " + std::to_string(rows_.size()));
        if (options_.runs_of_each() != 1) refuse(tells + "it needs --seeds 1");
        const bool only_plotted = options_.trace.empty() && options_.decision_log.empty();
        if (policies_.size() != 1 && !only_plotted)
            refuse(tells + "name one policy, not " + std::to_string(policies_.size()));
        if (!options_.decision_log.empty() && rows_.front().scenario.clients.size() != 1)
            refuse("--decision-log is about one coordinator: the scenario has " +
                   std::to_string(rows_.front().scenario.clients.size()) + " clients");
    }

    void run_seeds(const suite_row& row, const sim::policy& policy) {
        const auto& scenario = row.scenario;
        std::vector<sim::measures> runs;
        for (unsigned each = 0; each < options_.runs_of_each(); ++each) {
            const std::uint64_t seed = scenario.seed + each;
            progress_.status(scenario.name + ", " + policy.name + ", seed " + std::to_string(seed));
            const auto began = std::chrono::steady_clock::now();
            runs.push_back(run_one(scenario, policy, seed));
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
            if (!options_.json.empty())
                lines_ += to_json(scenario.name, policy.name, seed, runs.back(), took.count());
            if (options_.random)
                summary_.add({kind_of(scenario.name), policy.name}, scenario.name, runs.back());
        }
        const sim::seed_medians found(runs);
        if (!options_.random) table_.push_back({scenario.name, policy.name, found});
        if (options_.check && !options_.random && policy.name == "coordinated")
            note_missed(scenario.name, shortfall(row.required, found.usual, median_ratio_to_best(row)));
    }

    std::optional<double> median_ratio_to_best(const suite_row& row) {
        if (!row.required.most_ratio_to_best) return std::nullopt;
        const auto found = sim::sum_up(run_side_by_side({row}, options_.runs_of_each(), progress_)).front();
        return found.runs > found.without_ratio ? std::optional(found.median) : std::nullopt;
    }

    sim::measures run_one(const stagger::provider::scenario& scenario, const sim::policy& policy,
                          std::uint64_t seed) {
        if (!options_.about_one_run()) return sim::run(scenario, policy, seed);
        sim::watching_together watchers;
        sim::load_curve curve;
        if (!options_.plot.empty()) watchers.add(curve);
        if (trace_) watchers.add(*trace_);
        if (log_) watchers.record_to(log_);
        const auto found = sim::run(scenario, policy, seed, &watchers);
        if (!options_.plot.empty()) plotted_.push_back({policy.name, found, std::move(curve)});
        return found;
    }

    void note_missed(const std::string& name, const std::string& missing) {
        if (!missing.empty()) missed_ += name + ": " + missing + "\n";
    }

    exit_code tell_missed() {
        for (const auto& [group, usual] : summary_.medians()) {
            if (group.second == "coordinated")
                note_missed(group.first,
                            shortfall(sim::random_figures(find_random_kind(group.first)), usual));
        }
        const std::string text = missed_.empty() ? "every scenario reaches its figures\n" : missed_;
        if (shows_table_) {
            write_standard_output(text);
        } else {
            progress_.print(text);
        }
        return missed_.empty() ? exit_code::done : exit_code::some_failed;
    }

    const simulate_options& options_;
    std::vector<suite_row> rows_;
    std::vector<sim::policy> policies_;
    std::optional<output_file> json_;
    std::optional<output_file> plot_;
    std::optional<trace_file> trace_;
    std::shared_ptr<decision_log_file> log_;
    console progress_{false};
    bool shows_table_ = true;
    std::string lines_;
    std::vector<simulated_row> table_;
    random_summary summary_;
    std::vector<plotted_run> plotted_;
    std::string missed_;
};

class simulate_command final : public command {
 public:
    explicit simulate_command(CLI::App& parser) { add_options(parser, options_); }

    exit_code run() override {
        if (!options_.show.empty()) {
            write_standard_output(stagger::wire::format_scenario(find_case(options_.show).scenario));
        } else if (!options_.write_suite.empty()) {
            write_suite(options_.write_suite);
        } else if (options_.list) {
            for (const suite_row& each : sim::built_in_suite())
                write_standard_output(each.scenario.name + "\n");
        } else if (options_.never_worse) {
            return run_never_worse(
                {options_.rows(), options_.runs_of_each(), options_.json, options_.markdown});
        } else {
            return simulations(options_).run();
        }
        return exit_code::done;
    }

 private:
    simulate_options options_;
};

}  // namespace

std::unique_ptr<command> make_simulate_command(CLI::App& parser) {
    return std::make_unique<simulate_command>(parser);
}

}  // namespace app
