#include "simulation_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace app {

text_table measures_table(const std::vector<simulated_row>& rows, unsigned seeds) {
    using kind = text_table::column::kind;
    const bool several = seeds > 1;
    const bool chance = std::any_of(rows.begin(), rows.end(), [](const simulated_row& row) {
        return row.found.usual.refused_by_chance > 0;
    });
    std::vector<text_table::column> columns{
        {"scenario", kind::words}, {"policy", kind::words}, {"efficiency"}};
    if (several) columns.insert(columns.end(), {{"p10"}, {"worst"}});
    columns.push_back({"waste/100"});
    if (several) columns.push_back({"worst"});
    if (chance) columns.push_back({"by chance"});
    columns.insert(columns.end(),
                   {{"lost"}, {"peak 10 ms"}, {"peak 1 s"}, {"p99 wait s"}, {"Jain"}, {"makespan s"}});
    text_table table(std::move(columns));
    for (const simulated_row& row : rows) {
        const auto& usual = row.found.usual;
        std::vector<std::string> cells{row.scenario, row.policy, fmt::format("{:.4f}", usual.efficiency)};
        if (several) {
            cells.push_back(fmt::format("{:.4f}", row.found.low_efficiency));
            cells.push_back(fmt::format("{:.4f}", row.found.worst_efficiency));
        }
        cells.push_back(fmt::format("{:.2f}", usual.waste_per_100));
        if (several) cells.push_back(fmt::format("{:.2f}", row.found.worst_waste_per_100));
        if (chance) cells.push_back(std::to_string(usual.refused_by_chance));
        cells.insert(cells.end(),
                     {std::to_string(usual.lost), std::to_string(usual.peak_10ms),
                      std::to_string(usual.peak_1s), fmt::format("{:.2f}", usual.p99_retry_wait_s),
                      fmt::format("{:.3f}", usual.jain), fmt::format("{:.1f}", usual.makespan_s)});
        table.add(std::move(cells));
    }
    return table;
}

std::string to_json(const std::string& scenario, const std::string& policy, std::uint64_t seed,
                    const stagger::sim::measures& found, double wall_s) {
    boost::json::object line;
    line["scenario"] = scenario;
    line["policy"] = policy;
    line["seed"] = seed;
    line["efficiency"] = found.efficiency;
    line["waste_per_100"] = found.waste_per_100;
    line["lost"] = found.lost;
    line["peak_10ms"] = found.peak_10ms;
    line["peak_1s"] = found.peak_1s;
    line["p99_retry_wait_s"] = found.p99_retry_wait_s;
    line["jain"] = found.jain;
    line["makespan_s"] = found.makespan_s;
    line["aggregate_goodput_per_s"] = found.aggregate_goodput_per_s;
    line["lockouts"] = found.lockouts;
    line["refused_by_chance"] = found.refused_by_chance;
    line["unanswerable"] = found.unanswerable;
    line["wall_s"] = wall_s;
    return boost::json::serialize(line) + "\n";
}

}  // namespace app
