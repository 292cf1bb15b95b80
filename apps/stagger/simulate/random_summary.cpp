#include "random_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "sim/quantile.hpp"
#include "sim/seed_medians.hpp"

namespace app {
namespace {

using stagger::sim::measures;
using stagger::sim::quantile;
using stagger::sim::values_of;

std::uint64_t lost_in(const std::vector<measures>& runs) {
    std::uint64_t lost = 0;
    for (const measures& each : runs) lost += each.lost;
    return lost;
}

}  // namespace

void random_summary::add(const std::pair<std::string, std::string>& group, const std::string& scenario,
                         const measures& found) {
    runs& same = groups_[group];
    same.scenarios.push_back(scenario);
    same.found.push_back(found);
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
    for (const auto& [group, same] : groups_) {
        const auto efficiencies = values_of(same.found, &measures::efficiency);
        const auto wastes = values_of(same.found, &measures::waste_per_100);
        const auto slowest = std::min_element(efficiencies.begin(), efficiencies.end());
        const auto most_wasteful = std::max_element(wastes.begin(), wastes.end());
        table.add({group.first, group.second, std::to_string(same.found.size()),
                   fmt::format("{:.3f}", quantile(efficiencies, 0.5)),
                   fmt::format("{:.3f}", quantile(efficiencies, 0.1)), fmt::format("{:.3f}", *slowest),
                   same.scenarios[static_cast<std::size_t>(slowest - efficiencies.begin())],
                   fmt::format("{:.2f}", quantile(wastes, 0.5)), fmt::format("{:.2f}", quantile(wastes, 0.9)),
                   fmt::format("{:.2f}", *most_wasteful),
                   same.scenarios[static_cast<std::size_t>(most_wasteful - wastes.begin())],
                   std::to_string(lost_in(same.found))});
    }
    return table;
}

std::map<std::pair<std::string, std::string>, measures> random_summary::medians() const {
    std::map<std::pair<std::string, std::string>, measures> found;
    for (const auto& [group, same] : groups_) {
        measures& usual = found[group];
        usual = stagger::sim::seed_medians(same.found).usual;
        usual.lost = lost_in(same.found);
    }
    return found;
}

}  // namespace app
