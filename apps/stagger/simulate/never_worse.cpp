#include "never_worse.hpp"

#include <mutex>
#include <string_view>
#include <utility>

#include "cli/in_parallel.hpp"
#include "cli/output_file.hpp"
#include "never_worse_table.hpp"
#include "sim/policy.hpp"
#include "simulation_cases.hpp"

namespace app {
namespace {

namespace sim = stagger::sim;

constexpr std::string_view own_policy = "coordinated";

/// Everything to be run: first what the rows ask for, then what was found.
class side_by_side_runs {
 public:
    side_by_side_runs(const std::vector<sim::suite_row>& rows, unsigned seeds) {
        for (const sim::suite_row& row : rows) {
            for (unsigned each = 0; each < seeds; ++each) add(row.scenario, each);
        }
    }

    std::vector<sim::run_beside_rivals> take(console& progress) {
        std::mutex one_tells;
        std::size_t ended = 0;
        // A policy's run by itself is what a thread takes up: the longest of a scenario's five is most of it.
        const std::size_t policies = 1 + sim::rivals.size();
        const std::size_t all = runs_.size() * policies;
        in_parallel(all, [&](std::size_t each) {
            run_one(each / policies, each % policies);
            const std::lock_guard only(one_tells);
            progress.status(std::to_string(++ended) + " of " + std::to_string(all) + " runs");
        });
        progress.clear_status();
        return std::move(runs_);
    }

 private:
    void add(const stagger::provider::scenario& scenario, unsigned seed) {
        sim::run_beside_rivals made;
        made.kind = kind_of(scenario.name);
        made.scenario = scenario.name;
        made.seed = scenario.seed + seed;
        made.limited = sim::is_limited(scenario.provider);
        for (const std::string_view each : sim::rivals) made.rivals.push_back({std::string(each), {}});
        runs_.push_back(std::move(made));
        scenarios_.push_back(&scenario);
    }

    void run_one(std::size_t which, std::size_t policy) {
        sim::run_beside_rivals& into = runs_[which];
        const auto found = [&](std::string_view name) {
            return sim::run(*scenarios_[which], *sim::find_policy(name), into.seed);
        };
        if (policy == 0) {
            into.coordinated = found(own_policy);
        } else {
            into.rivals[policy - 1].found = found(into.rivals[policy - 1].policy);
        }
    }

    std::vector<sim::run_beside_rivals> runs_;
    std::vector<const stagger::provider::scenario*> scenarios_;  ///< of each run
};

std::string what_is_missed(const std::vector<sim::never_worse_summary>& kinds) {
    std::string text;
    for (const sim::never_worse_summary& each : kinds) {
        const std::string missing = shortfall(each);
        if (!missing.empty()) text += each.kind + ": " + missing + "\n";
    }
    return text;
}

}  // namespace

std::vector<sim::run_beside_rivals> run_side_by_side(const std::vector<sim::suite_row>& rows, unsigned seeds,
                                                     console& progress) {
    return side_by_side_runs(rows, seeds).take(progress);
}

exit_code run_never_worse(const never_worse_request& request) {
    output_file json(request.json);
    console progress(false);
    const auto runs = run_side_by_side(request.rows, request.seeds, progress);
    std::string lines;
    for (const sim::run_beside_rivals& each : runs) lines += to_json(each);
    json.write(lines);
    const auto kinds = sim::sum_up(runs);
    const std::string missed = what_is_missed(kinds);
    const std::string verdict = missed.empty() ? "never worse than the figures allow\n" : missed;
    if (request.json == "-") {
        progress.print(verdict);
    } else {
        const auto text = [&](const text_table& table) {
            return request.markdown ? table.markdown() : table.aligned();
        };
        write_standard_output(text(side_by_side_table(runs)) + "\n" + text(never_worse_table(kinds)) + "\n" +
                              verdict);
    }
    return missed.empty() ? exit_code::done : exit_code::some_failed;
}

}  // namespace app
