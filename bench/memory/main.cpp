// What waiting tasks cost in memory and to cancel, and how many requests can be in flight at once.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include "in_flight.hpp"
#include "isolated.hpp"
#include "parked_tasks.hpp"

namespace {

/// What a task may cost beyond the same one that awaits a channel.
constexpr double most_bytes = 1024;
/// Of the cost of cancelling against the number of tasks, as an exponent: 1 is linear, 2 quadratic.
constexpr double most_exponent = 1.35;

struct arguments {
    std::size_t tasks = 100'000;
    std::size_t steps = 10;
    std::size_t in_flight = 10'000;
    bool check = false;
    std::string json_file;
};

struct curve {
    const char* name;
    parked::place where;
    std::vector<std::size_t> tasks;
    std::vector<parked::cost> costs;

    double bytes() const { return costs.back().resident_bytes; }
    bool is_channel() const {
        return where == parked::place::channel || where == parked::place::answer_channel;
    }
    /// The slope of log(time) over log(tasks), by least squares.
    double exponent() const {
        double x = 0, y = 0, xx = 0, xy = 0;
        const auto n = static_cast<double>(tasks.size());
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            const double a = std::log(static_cast<double>(tasks[i]));
            const double b = std::log(std::max(costs[i].cancel_cpu_s, 1e-6));
            x += a, y += b, xx += a * a, xy += a * b;
        }
        return (n * xy - x * y) / (n * xx - x * x);
    }
};

std::vector<curve> measure_parked(const arguments& chosen) {
    std::vector<curve> all{{"channel", parked::place::channel, {}, {}},
                           {"gate", parked::place::gate, {}, {}},
                           {"answers", parked::place::answer_channel, {}, {}},
                           {"client", parked::place::client, {}, {}}};
    for (curve& each : all) {
        for (std::size_t step = 1; step <= chosen.steps; ++step) {
            const std::size_t tasks = chosen.tasks * step / chosen.steps;
            each.tasks.push_back(tasks);
            each.costs.push_back(
                isolated::run<parked::cost>([&] { return parked::measure(each.where, tasks); }));
        }
    }
    return all;
}

/// The channel that the same tasks await instead: it comes before them.
const curve& channel_of(const std::vector<curve>& all, const curve& one) {
    return one.where == parked::place::client ? all[2] : all[0];
}

void print(const std::vector<curve>& all) {
    fmt::print("{:>8} {:>8} {:>12} {:>14} {:>18}\n", "awaiting", "tasks", "bytes a task", "beyond channel",
               "us to cancel a task");
    for (const curve& each : all) {
        for (std::size_t i = 0; i < each.tasks.size(); ++i) {
            const auto tasks = static_cast<double>(each.tasks[i]);
            fmt::print("{:>8} {:>8} {:>12.0f} {:>14.0f} {:>18.3f}\n", each.name, each.tasks[i],
                       each.costs[i].resident_bytes,
                       each.costs[i].resident_bytes - channel_of(all, each).costs[i].resident_bytes,
                       each.costs[i].cancel_cpu_s / tasks * 1e6);
        }
        if (each.is_channel()) continue;
        fmt::print("{:>8} cancelling takes time as the number of tasks to the power of {:.2f}\n", each.name,
                   each.exponent());
    }
}

void write_json(const std::vector<curve>& all, const in_flight::outcome& sent, const std::string& path) {
    std::string text = "{\n";
    for (const curve& each : all) {
        text +=
            fmt::format(R"(  "{}": {{"tasks": {}, "bytes_per_task": {:.1f}, "cancel_exponent": {:.3f}}},)",
                        each.name, each.tasks.back(), each.bytes(), each.exponent());
        text += '\n';
    }
    text += fmt::format(
        R"(  "in_flight": {{"answered": {}, "most_at_once": {}, "bytes_per_request": {:.1f}, "wall_s": {:.2f}}})",
        sent.answered, sent.most_at_once, sent.resident_bytes, sent.wall_s);
    std::ofstream file(path);
    file << text << "\n}\n";
    file.close();
    if (!file) throw std::system_error(errno, std::generic_category(), path);
}

/// Says what is beyond its bound; true if nothing is.
bool within_bounds(const std::vector<curve>& all) {
    bool good = true;
    const auto complain = [&](const curve& of, const std::string& what) {
        fmt::print(stderr, "{}: {}\n", of.name, what);
        good = false;
    };
    for (const curve& each : all) {
        if (each.is_channel()) continue;
        const double beyond = each.bytes() - channel_of(all, each).bytes();
        if (beyond > most_bytes) {
            complain(each, fmt::format("{:.0f} bytes a task beyond a channel's, at most {:.0f} allowed",
                                       beyond, most_bytes));
        }
        if (each.costs.back().ended != each.tasks.back()) complain(each, "not every task ended cancelled");
        if (each.tasks.size() > 2 && each.exponent() > most_exponent) {
            complain(each, fmt::format("cancelling is not linear: exponent {:.2f}", each.exponent()));
        }
    }
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App parser("What waiting tasks and requests in flight cost");
    arguments chosen;
    parser.add_option("--tasks", chosen.tasks, "Waiting tasks at most")->check(CLI::Range(1'000, 10'000'000));
    parser.add_option("--steps", chosen.steps, "Numbers of tasks, evenly up to the most")
        ->check(CLI::Range(2, 100));
    parser.add_option("--in-flight", chosen.in_flight, "Requests in flight at once; 0: none")
        ->check(CLI::Range(0, 100'000));
    parser.add_flag("--check", chosen.check, "Exit with 1 where a bound is exceeded");
    parser.add_option("--json", chosen.json_file, "Writes the figures there");
    CLI11_PARSE(parser, argc, argv);
    try {
        const std::vector<curve> all = measure_parked(chosen);
        print(all);
        bool good = within_bounds(all);
        in_flight::outcome sent;
        constexpr std::size_t other_descriptors = 64;
        const std::size_t most = in_flight::most_descriptors();
        if (most < chosen.in_flight + other_descriptors) {
            fmt::print("{} requests in flight: skipped, since only {} descriptors are allowed\n",
                       chosen.in_flight, most);
        } else if (chosen.in_flight > 0) {
            sent = in_flight::run(chosen.in_flight);
            fmt::print("{} requests: {} in flight at once, {} answered in {:.1f} s, {:.0f} bytes each\n",
                       chosen.in_flight, sent.most_at_once, sent.answered, sent.wall_s, sent.resident_bytes);
            good &= sent.answered == chosen.in_flight && sent.most_at_once == chosen.in_flight;
        }
        if (!chosen.json_file.empty()) write_json(all, sent, chosen.json_file);
        return chosen.check && !good ? 1 : 0;
    } catch (const std::exception& failed) {
        fmt::print(stderr, "bench_memory: {}\n", failed.what());
        return 2;
    }
}
