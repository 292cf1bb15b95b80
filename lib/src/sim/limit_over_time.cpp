#include "sim/limit_over_time.hpp"

#include <algorithm>
#include <optional>

#include "sim/warm_start.hpp"

namespace stagger::sim {

namespace {

std::optional<double> rate_of(const provider::scenario& scenario,
                              const std::vector<provider::limit>& limits) {
    provider::provider_description then = scenario.provider;
    then.limits = limits;
    const auto slowest = what_was_learned(then, scenario.clients.front());
    return slowest ? std::optional(slowest->rate_per_s) : std::nullopt;
}

double rate_at(const std::vector<limit_step>& steps, duration when) {
    const auto after = std::upper_bound(steps.begin(), steps.end(), when,
                                        [](duration at, const limit_step& step) { return at < step.from; });
    return after == steps.begin() ? 0 : std::prev(after)->per_s;
}

}  // namespace

std::vector<limit_step> limit_over_time(const provider::scenario& scenario) {
    if (scenario.clients.empty()) return {};
    const auto first = rate_of(scenario, scenario.provider.limits);
    if (!first) return {};
    std::vector<limit_step> rates{{duration::zero(), *first}};
    auto changes = scenario.provider.changes;
    std::stable_sort(changes.begin(), changes.end(),
                     [](const auto& left, const auto& right) { return left.at < right.at; });
    for (const provider::limits_change& each : changes) {
        const auto rate = rate_of(scenario, each.limits);
        if (!rate) return {};
        rates.push_back({each.at, *rate});
    }

    struct spell {
        duration from{};
        duration to{};
    };
    std::vector<spell> shut;
    for (const auto& each : scenario.provider.faults.outages) shut.push_back({each.from, each.to});
    for (const auto& each : scenario.provider.refusals.closures) shut.push_back({each.from, each.to});
    const auto is_shut = [&](duration when) {
        return std::any_of(shut.begin(), shut.end(),
                           [&](const spell& each) { return each.from <= when && when < each.to; });
    };
    std::vector<duration> turns;
    turns.reserve(rates.size() + 2 * shut.size());
    for (const limit_step& each : rates) turns.push_back(each.from);
    for (const spell& each : shut) turns.insert(turns.end(), {each.from, each.to});
    std::sort(turns.begin(), turns.end());
    std::vector<limit_step> steps;
    for (const duration each : turns) {
        const limit_step step{each, is_shut(each) ? 0 : rate_at(rates, each)};
        if (steps.empty() || steps.back().per_s != step.per_s) steps.push_back(step);
    }
    return steps;
}

}  // namespace stagger::sim
