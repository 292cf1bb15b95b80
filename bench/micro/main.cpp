// What the coordinator costs, as a ratio to what it replaces, measured in the same run.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "costs.hpp"
#include "sim/quantile.hpp"

namespace {

struct arguments {
    std::size_t rounds = 7;
    std::size_t tasks = 100'000;
    std::uint64_t requests = 1'000'000;
    std::string json_file;
};

/// Of several rounds, since other work on the machine disturbs single ones.
struct measured {
    std::string what;
    std::string member;
    std::vector<double> rounds;

    double at(double share) const { return stagger::sim::quantile(rounds, share); }
};

std::vector<measured> run(const arguments& chosen) {
    measured decision{"ns a decision (admit and report)", "decision_ns", {}};
    measured timer{"ns a steady_timer (arm and fire)", "timer_ns", {}};
    measured ratio{"decision / timer", "decision_per_timer", {}};
    measured simulated{"thousand simulated requests a second", "thousand_simulated_per_s", {}};
    for (std::size_t round = 0; round < chosen.rounds; ++round) {
        decision.rounds.push_back(costs::decision_ns(chosen.tasks));
        timer.rounds.push_back(costs::timer_ns(chosen.tasks));
        ratio.rounds.push_back(decision.rounds.back() / timer.rounds.back());
        simulated.rounds.push_back(costs::simulated_per_s(chosen.requests) / 1000);
    }
    return {decision, timer, ratio, simulated};
}

void write_json(const std::vector<measured>& all, const std::string& path) {
    std::string text;
    for (const measured& each : all) {
        text += fmt::format(R"({}  "{}": {{"median": {:.4g}, "least": {:.4g}, "most": {:.4g}}})",
                            text.empty() ? "{\n" : ",\n", each.member, each.at(0.5), each.at(0), each.at(1));
    }
    std::ofstream file(path);
    file << text << "\n}\n";
    file.close();
    if (!file) throw std::system_error(errno, std::generic_category(), path);
}

}  // namespace

int main(int count, char** given) {
    arguments chosen;
    CLI::App parser("What a decision of the coordinator, a timer and a simulated request cost",
                    "bench_micro");
    parser.add_option("--rounds", chosen.rounds, "Default 7")->check(CLI::Range(1, 1'000'000'000));
    parser.add_option("--tasks", chosen.tasks, "That wait at once; default 100000")
        ->check(CLI::Range(1, 1'000'000'000));
    parser.add_option("--requests", chosen.requests, "To simulate; default 1000000")
        ->check(CLI::Range(1, 1'000'000'000));
    parser.add_option("--json", chosen.json_file, "Write the figures there");
    try {
        parser.parse(count, given);
        const auto all = run(chosen);
        fmt::print("{} waiting tasks, {} simulated requests, {} rounds\n\n", chosen.tasks, chosen.requests,
                   chosen.rounds);
        fmt::print("{:<44} {:>12} {:>12} {:>12}\n", "", "median", "least", "most");
        for (const measured& each : all) {
            fmt::print("{:<44} {:>12.2f} {:>12.2f} {:>12.2f}\n", each.what, each.at(0.5), each.at(0),
                       each.at(1));
        }
        if (!chosen.json_file.empty()) write_json(all, chosen.json_file);
        return 0;
    } catch (const CLI::ParseError& wrong) {
        return parser.exit(wrong) == 0 ? 0 : 2;
    } catch (const std::system_error& unwritable) {
        fmt::print(stderr, "bench_micro: {}\n", unwritable.what());
        return 3;
    }
}
