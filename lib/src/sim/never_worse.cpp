#include "sim/never_worse.hpp"

#include <algorithm>

#include "sim/quantile.hpp"

namespace stagger::sim {

bool is_limited(const provider::provider_description& provider) {
    const auto has_limits = [](const auto& each) { return !each.limits.empty(); };
    return has_limits(provider) ||
           std::any_of(provider.changes.begin(), provider.changes.end(), has_limits) ||
           std::any_of(provider.models.begin(), provider.models.end(),
                       [&](const auto& each) { return has_limits(each.second); });
}

const rival_run* best_rival(const run_beside_rivals& run) {
    const rival_run* best = nullptr;
    for (const rival_run& each : run.rivals) {
        if (each.found.lost > 0) continue;
        if (!best || each.found.makespan_s < best->found.makespan_s) best = &each;
    }
    return best;
}

std::optional<double> ratio_to_best(const run_beside_rivals& run) {
    const rival_run* best = best_rival(run);
    if (!best || best->found.makespan_s <= 0) return std::nullopt;
    return run.coordinated.makespan_s / best->found.makespan_s;
}

double avoidable_per_100(const measures& found) {
    const auto avoidable = static_cast<double>(found.rejected - found.refused_by_chance);
    return 100 * avoidable / std::max(1.0, static_cast<double>(found.succeeded));
}

std::optional<double> avoidable_per_100_of_kindness_rival(const run_beside_rivals& run) {
    const auto found = std::find_if(run.rivals.begin(), run.rivals.end(),
                                    [](const rival_run& each) { return each.policy == kindness_rival; });
    if (found == run.rivals.end()) return std::nullopt;
    return avoidable_per_100(found->found);
}

bool rejects_too_much(const run_beside_rivals& run) {
    if (!run.limited) return false;
    const never_worse_figures figures;
    const double avoidable = avoidable_per_100(run.coordinated);
    const double rival = avoidable_per_100_of_kindness_rival(run).value_or(0);
    return avoidable > std::max(figures.most_avoidable_per_100, figures.most_of_kindness_rival * rival);
}

namespace {

never_worse_summary sum_up_kind(const std::string& kind, const std::vector<run_beside_rivals>& runs) {
    never_worse_summary found;
    found.kind = kind;
    std::vector<double> ratios;
    for (const run_beside_rivals& each : runs) {
        if (each.kind != kind) continue;
        ++found.runs;
        found.lost += each.coordinated.lost;
        if (rejects_too_much(each)) found.rejects_too_much.push_back(each.scenario);
        const auto ratio = ratio_to_best(each);
        if (!ratio) {
            ++found.without_ratio;
            continue;
        }
        ratios.push_back(*ratio);
        if (*ratio > found.worst) {
            found.worst = *ratio;
            found.worst_in = each.scenario;
        }
    }
    found.median = quantile(ratios, 0.5);
    found.p90 = quantile(ratios, 0.9);
    return found;
}

}  // namespace

std::vector<never_worse_summary> sum_up(const std::vector<run_beside_rivals>& runs) {
    std::vector<never_worse_summary> found;
    for (const run_beside_rivals& each : runs) {
        const bool known = std::any_of(found.begin(), found.end(),
                                       [&](const auto& summed) { return summed.kind == each.kind; });
        if (!known) found.push_back(sum_up_kind(each.kind, runs));
    }
    return found;
}

std::vector<run_beside_rivals> worst_last(std::vector<run_beside_rivals> runs) {
    std::stable_sort(runs.begin(), runs.end(), [](const auto& one, const auto& other) {
        return ratio_to_best(one).value_or(0) < ratio_to_best(other).value_or(0);
    });
    return runs;
}

}  // namespace stagger::sim
