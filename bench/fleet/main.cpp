// Many processes at one limit, in virtual time: as a fleet, each by itself, and one client in their place.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "fleet_in_virtual_time.hpp"

namespace {

using namespace std::chrono_literals;
namespace provider = stagger::provider;

struct row {
    std::string name;
    fleet_case given;
};

row bucket(std::size_t members, unsigned per_s) {
    row made{fmt::format("{} x {}/s", members, per_s), {}};
    made.given.members = members;
    made.given.per_s = per_s;
    const double rate = per_s;
    made.given.provider.limits = {provider::token_bucket{provider::unit::requests, rate, rate}};
    made.given.provider.latency.kind = provider::distribution::lognormal;
    if (per_s < members) made.given.runs_for = 220s;  // some slots for each
    return made;
}

// Ten windows behind the first, in which a window is found to be one.
row window(std::size_t members) {
    row made{fmt::format("{} x window 3000 per 60 s", members), {}};
    made.given.members = members;
    made.given.per_s = 50;
    made.given.provider.limits = {provider::fixed_window{provider::unit::requests, 3000, 60s, {}}};
    made.given.warm_up = 60s;
    made.given.runs_for = 660s;
    return made;
}

row in_flight(std::size_t members) {
    row made{fmt::format("{} x 64 in flight", members), {}};
    made.given.members = members;
    made.given.per_s = 32;  // answers take 2 s
    provider::concurrency_limit limit;
    limit.max = 64;
    made.given.provider.limits = {limit};
    made.given.warm_up = 30s;
    made.given.runs_for = 150s;
    return made;
}

std::vector<row> all_rows() {
    return {bucket(8, 100),    bucket(8, 1000),  bucket(100, 50),    bucket(100, 1000),
            bucket(100, 5000), bucket(1000, 50), bucket(1000, 1000), bucket(1000, 5000),
            window(8),         window(100),      in_flight(8)};
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

struct medians {
    double efficiency, waste, jain, messages_per_s, peak;
};

medians run(fleet_case given, std::uint64_t seeds) {
    std::vector<double> efficiency, waste, jain, messages, peak;
    for (given.seed = 1; given.seed <= seeds; ++given.seed) {
        const fleet_figures found = run_fleet(given);
        efficiency.push_back(found.efficiency);
        waste.push_back(found.waste);
        jain.push_back(found.jain);
        messages.push_back(found.messages_per_s);
        peak.push_back(static_cast<double>(found.peak_in_10_ms));
    }
    return {median(efficiency), median(waste), median(jain), median(messages), median(peak)};
}

void print(const row& of, std::uint64_t seeds) {
    const medians shared = run(of.given, seeds);
    fleet_case given = of.given;
    given.shares = false;
    const medians apart = run(given, seeds);
    given.members = 1;
    given.most_in_flight = 32'768;  // nothing but the limit is to hold it back
    const medians alone = run(given, seeds);
    fmt::print(
        "| {} | {:.4f} | {:.2f} | {:.4f} | {:.0f} | {:.0f} | {:.4f} | {:.1f} | {:.2f} | {:.4f} | {:.2f} | "
        "{:.0f} |\n",
        of.name, shared.efficiency, shared.waste, shared.jain, shared.peak, shared.messages_per_s,
        apart.efficiency, apart.waste, apart.jain, alone.efficiency, alone.waste, alone.peak);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Many processes at one limit, in virtual time.");
    std::uint64_t seeds = 3;
    std::string only;
    app.add_option("--seeds", seeds, "Figures are medians of this many")->check(CLI::PositiveNumber);
    app.add_option("--row", only, "Rows whose name contains this alone");
    CLI11_PARSE(app, argc, argv);
    try {
        fmt::print(
            "| members x limit | efficiency | refused per 100 | Jain | peak in 10 ms | messages/s | "
            "each by itself: efficiency | refused | Jain | one client: efficiency | refused | peak |\n"
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        for (const row& each : all_rows()) {
            if (each.name.find(only) != std::string::npos) print(each, seeds);
        }
    } catch (const std::exception& failed) {
        fmt::print(stderr, "bench_fleet: {}\n", failed.what());
        return 1;
    }
    return 0;
}
