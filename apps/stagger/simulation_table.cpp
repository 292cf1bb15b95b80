#include "simulation_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace app {
namespace {

constexpr std::size_t columns = 11;
using cells = std::array<std::string, columns>;

const cells titles{"scenario", "policy",     "efficiency", "worst", "waste/100", "worst",
                   "lost",     "peak 10 ms", "peak 1 s",   "Jain",  "makespan s"};

cells cells_of(const simulated_row& row) {
    const auto& usual = row.found.usual;
    return {row.scenario,
            row.policy,
            fmt::format("{:.4f}", usual.efficiency),
            fmt::format("{:.4f}", row.found.worst_efficiency),
            fmt::format("{:.2f}", usual.waste_per_100),
            fmt::format("{:.2f}", row.found.worst_waste_per_100),
            fmt::format("{}", usual.lost),
            fmt::format("{}", usual.peak_10ms),
            fmt::format("{}", usual.peak_1s),
            fmt::format("{:.3f}", usual.jain),
            fmt::format("{:.1f}", usual.makespan_s)};
}

constexpr std::size_t first_number = 2;

}  // namespace

std::string format_table(const std::vector<simulated_row>& rows) {
    std::vector<cells> lines{titles};
    for (const simulated_row& each : rows) lines.push_back(cells_of(each));
    std::array<std::size_t, columns> widths{};
    for (const cells& line : lines) {
        for (std::size_t each = 0; each < columns; ++each)
            widths[each] = std::max(widths[each], line[each].size());
    }
    std::string text;
    for (const cells& line : lines) {
        for (std::size_t each = 0; each < columns; ++each) {
            text += each < first_number ? fmt::format("{:<{}}", line[each], widths[each])
                                        : fmt::format("{:>{}}", line[each], widths[each]);
            text += each + 1 < columns ? "  " : "\n";
        }
    }
    return text;
}

std::string format_markdown(const std::vector<simulated_row>& rows) {
    std::string text = "|";
    for (const std::string& each : titles) text += " " + each + " |";
    text += "\n|---|---|";
    for (std::size_t each = first_number; each < columns; ++each) text += "---:|";
    text += "\n";
    for (const simulated_row& row : rows) {
        text += "|";
        for (const std::string& each : cells_of(row)) text += " " + each + " |";
        text += "\n";
    }
    return text;
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
    line["wall_s"] = wall_s;
    return boost::json::serialize(line) + "\n";
}

}  // namespace app
