#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <stdexcept>
#include <system_error>

#include "batch/write_all.hpp"
#include "commands.hpp"
#include "core/send_policy.hpp"
#include "sim/policy.hpp"
#include "sim/suite.hpp"
#include "simulation_table.hpp"
#include "summary.hpp"
#include "wire/scenario_file.hpp"

namespace app {
namespace {

namespace sim = stagger::sim;

std::vector<sim::suite_row> load(const std::vector<std::string>& files) {
    if (files.empty()) return sim::built_in_suite();
    std::vector<sim::suite_row> rows;
    for (const std::string& each : files) {
        try {
            sim::suite_row row;
            row.scenario = stagger::wire::load_scenario(each);
            rows.push_back(std::move(row));
        } catch (const std::invalid_argument& wrong) {
            throw failure(exit_code::wrong_usage, wrong.what());
        } catch (const std::system_error& unreadable) {
            throw failure(exit_code::file_failed, each + ": " + unreadable.code().message());
        }
    }
    return rows;
}

std::vector<sim::policy> find_policies(const std::vector<std::string>& names) {
    std::vector<sim::policy> found;
    for (const std::string& each : names) {
        auto policy = sim::find_policy(each);
        if (!policy) {
            std::string known;
            for (const auto name : stagger::send_policy_names())
                known.append(known.empty() ? "" : ", ").append(name);
            throw failure(exit_code::wrong_usage, fmt::format("--policy: \"{}\" is none of {}", each, known));
        }
        found.push_back(std::move(*policy));
    }
    return found;
}

/// What a row misses of what it has to reach; empty: nothing.
std::string shortfall(const sim::suite_row& row, const sim::seed_medians& found) {
    std::string text;
    const auto miss = [&](const char* what, double is, const char* rule, double bound) {
        text += fmt::format("{}{} {:.4g} must be {} {:.4g}", text.empty() ? "" : ", ", what, is, rule, bound);
    };
    const sim::measures& usual = found.usual;
    if (usual.efficiency < row.least_efficiency)
        miss("efficiency", usual.efficiency, ">=", row.least_efficiency);
    if (usual.waste_per_100 > row.most_waste_per_100)
        miss("waste", usual.waste_per_100, "<=", row.most_waste_per_100);
    if (usual.jain < row.least_jain) miss("Jain", usual.jain, ">=", row.least_jain);
    const auto lockouts = static_cast<double>(usual.lockouts);
    if (row.most_lockouts && lockouts > *row.most_lockouts)
        miss("lockouts", lockouts, "<=", *row.most_lockouts);
    if (usual.lost > 0) miss("lost", static_cast<double>(usual.lost), "<=", 0);
    return text;
}

class simulate_command final : public command {
 public:
    explicit simulate_command(CLI::App& parser) {
        parser.add_option("FILE", files_, "Scenario files (docs/scenarios.md); none: the built-in suite");
        parser
            .add_option("--policy", policies_,
                        "Policies to compare, with commas between (default coordinated)")
            ->type_name("NAME,...")
            ->delimiter(',');
        parser
            .add_option("--seeds", seeds_,
                        "Runs of each, with the seeds from the scenario's own on (default 5)")
            ->type_name("N")
            ->check(CLI::Range(1u, 10'000u));
        parser.add_flag("--markdown", markdown_, "Print the table for a page of documentation");
        parser
            .add_option("--json", json_, "Write one JSON object for every run there; - for standard output")
            ->type_name("FILE");
        parser.add_flag("--check", check_,
                        "Compare the coordinated runs of the built-in suite with what they have to reach");
        parser.add_flag("--list", list_, "Print the names of the scenarios and run none");
    }

    exit_code run() override {
        const auto rows = load(files_);
        const auto policies = find_policies(policies_);
        if (check_ && !files_.empty()) {
            throw failure(exit_code::wrong_usage, "--check: only the built-in suite has figures to reach");
        }
        if (list_) {
            for (const auto& each : rows) print(each.scenario.name + "\n");
            return exit_code::done;
        }
        summary_file json(json_ == "-" ? "" : json_);
        std::vector<simulated_row> table;
        std::string lines;
        std::string missed;
        for (const auto& row : rows) {
            for (const auto& policy : policies) {
                const sim::seed_medians found(run_seeds(row.scenario, policy, lines));
                table.push_back({row.scenario.name, policy.name, found});
                if (check_ && policy.name == "coordinated") {
                    const auto missing = shortfall(row, found);
                    if (!missing.empty()) missed += row.scenario.name + ": " + missing + "\n";
                }
            }
        }
        json.write(lines);
        if (json_ == "-") {
            print(lines);
        } else {
            print(markdown_ ? format_markdown(table) : format_table(table));
        }
        if (check_) print(missed.empty() ? "every scenario reaches its figures\n" : missed);
        return missed.empty() ? exit_code::done : exit_code::some_failed;
    }

 private:
    std::vector<sim::measures> run_seeds(const stagger::provider::scenario& scenario,
                                         const sim::policy& policy, std::string& lines) const {
        std::vector<sim::measures> runs;
        for (unsigned each = 0; each < seeds_; ++each) {
            const auto began = std::chrono::steady_clock::now();
            runs.push_back(sim::run(scenario, policy, scenario.seed + each));
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
            if (!json_.empty())
                lines += to_json(scenario.name, policy.name, scenario.seed + each, runs.back(), took.count());
        }
        return runs;
    }

    static void print(const std::string& text) {
        if (const auto failed = stagger::batch::write_all(STDOUT_FILENO, text))
            throw failure(exit_code::file_failed, "standard output: " + failed.message());
    }

    std::vector<std::string> files_;
    std::vector<std::string> policies_{"coordinated"};
    unsigned seeds_ = 5;
    bool markdown_ = false;
    std::string json_;
    bool check_ = false;
    bool list_ = false;
};

}  // namespace

std::unique_ptr<command> make_simulate_command(CLI::App& parser) {
    return std::make_unique<simulate_command>(parser);
}

}  // namespace app
