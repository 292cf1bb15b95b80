// What the parts cost that are run for every request, as ratios to what they replace or contain, measured in
// the same run.

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

/// A cost, and that of what does the same work without it, or that it replaces, measured beside each other.
struct comparison {
    measured ours;
    measured peer;
    measured ratio;

    void add(double our_ns, double peer_ns) {
        ours.rounds.push_back(our_ns);
        peer.rounds.push_back(peer_ns);
        ratio.rounds.push_back(our_ns / peer_ns);
    }
};

std::vector<measured> run(const arguments& chosen) {
    comparison decision{{"ns a decision (admit and report)", "decision_ns", {}},
                        {"ns a steady_timer (arm and fire)", "timer_ns", {}},
                        {"decision / timer", "decision_per_timer", {}}};
    comparison codec{{"ns to encode a request and decode its answer", "codec_ns", {}},
                     {"ns to parse the answer with Boost.JSON", "json_parse_ns", {}},
                     {"codec / parse", "codec_per_parse", {}}};
    comparison stream{{"ns an event of a stream", "event_ns", {}},
                      {"ns to find its two line ends", "line_search_ns", {}},
                      {"event / line ends", "event_per_line_search", {}}};
    comparison retry{{"ns a failed attempt judged by a retry_session", "retry_ns", {}},
                     {"ns a steady_timer (arm and fire)", "retry_timer_ns", {}},
                     {"retry / timer", "retry_per_timer", {}}};
    comparison pool{{"ns to lease an idle connection and return it", "lease_ns", {}},
                    {"ns to ask the kernel whether it is silent", "peek_ns", {}},
                    {"lease / question", "lease_per_peek", {}}};
    measured simulated{"thousand simulated requests a second", "thousand_simulated_per_s", {}};
    for (std::size_t round = 0; round < chosen.rounds; ++round) {
        const double timer_ns = costs::timer_ns(chosen.tasks);
        decision.add(costs::decision_ns(chosen.tasks), timer_ns);
        codec.add(costs::codec_ns(chosen.tasks), costs::json_parse_ns(chosen.tasks));
        stream.add(costs::event_ns(chosen.tasks), costs::line_search_ns(chosen.tasks));
        retry.add(costs::retry_ns(chosen.tasks), timer_ns);
        pool.add(costs::lease_ns(chosen.tasks), costs::peek_ns(chosen.tasks));
        simulated.rounds.push_back(costs::simulated_per_s(chosen.requests) / 1000);
    }
    return {decision.ours, decision.peer, decision.ratio, codec.ours,   codec.peer,
            codec.ratio,   stream.ours,   stream.peer,    stream.ratio, retry.ours,
            retry.ratio,   pool.ours,     pool.peer,      pool.ratio,   simulated};
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
    CLI::App parser("What the parts cost that are run for every request", "bench_micro");
    parser.add_option("--rounds", chosen.rounds, "Default 7")->check(CLI::Range(1, 1'000'000'000));
    parser
        .add_option(
            "--tasks", chosen.tasks,
            "That wait at once, and requests, answers, events and leases of the other parts; default 100000")
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
