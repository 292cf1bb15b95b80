#include "random_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "sim/quantile.hpp"

namespace app {
namespace {

using stagger::sim::measures;
using stagger::sim::quantile;

template <class Runs>
std::vector<double> values_of(const Runs& runs, double measures::*which) {
    std::vector<double> values;
    values.reserve(runs.size());
    for (const auto& each : runs) values.push_back(each.found.*which);
    return values;
}

template <class Runs>
std::uint64_t lost_in(const Runs& runs) {
    std::uint64_t lost = 0;
    for (const auto& each : runs) lost += each.found.lost;
    return lost;
}

}  // namespace

void random_summary::add(const std::pair<std::string, std::string>& group, const std::string& scenario,
                         const measures& found) {
    groups_[group].push_back({scenario, found});
}

text_table random_summary::table() const {
    using kind = text_table::column::kind;
    text_table table({{"kind", kind::words},
                      {"policy", kind::words},
                      {"runs"},
                      {"efficiency p50"},
                      {"p10"},
                      {"worst"},
                      {"in", kind::words},
                      {"waste/100 p50"},
                      {"p90"},
                      {"worst"},
                      {"in", kind::words},
                      {"lost"}});
    for (const auto& [group, runs] : groups_) {
        const auto efficiencies = values_of(runs, &measures::efficiency);
        const auto wastes = values_of(runs, &measures::waste_per_100);
        const auto slowest = std::min_element(runs.begin(), runs.end(), [](const run& a, const run& b) {
            return a.found.efficiency < b.found.efficiency;
        });
        const auto most_wasteful = std::max_element(runs.begin(), runs.end(), [](const run& a, const run& b) {
            return a.found.waste_per_100 < b.found.waste_per_100;
        });
        table.add({group.first, group.second, std::to_string(runs.size()),
                   fmt::format("{:.3f}", quantile(efficiencies, 0.5)),
                   fmt::format("{:.3f}", quantile(efficiencies, 0.1)),
                   fmt::format("{:.3f}", slowest->found.efficiency), slowest->scenario,
                   fmt::format("{:.2f}", quantile(wastes, 0.5)), fmt::format("{:.2f}", quantile(wastes, 0.9)),
                   fmt::format("{:.2f}", most_wasteful->found.waste_per_100), most_wasteful->scenario,
                   std::to_string(lost_in(runs))});
    }
    return table;
}

std::map<std::pair<std::string, std::string>, measures> random_summary::medians() const {
    std::map<std::pair<std::string, std::string>, measures> found;
    for (const auto& [group, runs] : groups_) {
        measures& usual = found[group];
        usual.efficiency = quantile(values_of(runs, &measures::efficiency), 0.5);
        usual.waste_per_100 = quantile(values_of(runs, &measures::waste_per_100), 0.5);
        usual.lost = lost_in(runs);
    }
    return found;
}

}  // namespace app
