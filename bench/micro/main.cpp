// What the coordinator costs, as a ratio to what it replaces, measured in the same run.
//
// usage: bench_micro [--rounds N] [--tasks N] [--requests N] [--json FILE]

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "costs.hpp"

namespace {

struct arguments {
    std::size_t rounds = 7;
    std::size_t tasks = 100'000;
    std::size_t requests = 1'000'000;
    std::string json_file;
};

std::size_t parse_count(const std::string& name, const std::string& text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value == 0) {
        throw std::invalid_argument(name + ": must be a whole number from 1, is \"" + text + "\"");
    }
    return value;
}

arguments parse(int count, char** given) {
    arguments result;
    for (int each = 1; each < count; each += 2) {
        const std::string name = given[each];
        if (each + 1 == count) throw std::invalid_argument(name + ": needs a value");
        const std::string value = given[each + 1];
        if (name == "--rounds") {
            result.rounds = parse_count(name, value);
        } else if (name == "--tasks") {
            result.tasks = parse_count(name, value);
        } else if (name == "--requests") {
            result.requests = parse_count(name, value);
        } else if (name == "--json") {
            result.json_file = value;
        } else {
            throw std::invalid_argument(name + ": unknown (known: --rounds, --tasks, --requests, --json)");
        }
    }
    return result;
}

/// Of several rounds, since other work on the machine disturbs single ones.
struct spread {
    explicit spread(std::vector<double> values) {
        std::sort(values.begin(), values.end());
        least = values.front();
        median = values[values.size() / 2];
        most = values.back();
    }
    double least;
    double median;
    double most;
};

void print(const char* what, const spread& found) {
    std::printf("%-44s %12.2f %12.2f %12.2f\n", what, found.median, found.least, found.most);
}

std::string member(const char* name, const spread& found, const char* after) {
    std::vector<char> text(256);
    const int length = std::snprintf(text.data(), text.size(),
                                     "  \"%s\": {\"median\": %.4g, \"least\": %.4g, \"most\": %.4g}%s\n",
                                     name, found.median, found.least, found.most, after);
    return {text.data(), static_cast<std::size_t>(length)};
}

void run(const arguments& chosen) {
    std::vector<double> decisions;
    std::vector<double> timers;
    std::vector<double> ratios;
    std::vector<double> simulated;
    for (std::size_t round = 0; round < chosen.rounds; ++round) {
        decisions.push_back(costs::decision_ns(chosen.tasks));
        timers.push_back(costs::timer_ns(chosen.tasks));
        ratios.push_back(decisions.back() / timers.back());
        simulated.push_back(costs::simulated_per_s(chosen.requests) / 1000);
    }
    std::printf("%zu waiting tasks, %zu simulated requests, %zu rounds\n\n", chosen.tasks, chosen.requests,
                chosen.rounds);
    std::printf("%-44s %12s %12s %12s\n", "", "median", "least", "most");
    print("ns a decision (admit and report)", spread(decisions));
    print("ns a steady_timer (arm and fire)", spread(timers));
    print("decision / timer", spread(ratios));
    print("thousand simulated requests a second", spread(simulated));
    if (chosen.json_file.empty()) return;
    std::ofstream file(chosen.json_file);
    file << "{\n"
         << member("decision_ns", spread(decisions), ",") << member("timer_ns", spread(timers), ",")
         << member("decision_per_timer", spread(ratios), ",")
         << member("thousand_simulated_per_s", spread(simulated), "") << "}\n";
    file.close();
    if (!file) throw std::runtime_error(chosen.json_file + ": cannot be written: " + std::strerror(errno));
}

}  // namespace

int main(int count, char** given) {
    try {
        run(parse(count, given));
        return 0;
    } catch (const std::invalid_argument& wrong) {
        std::cerr << "bench_micro: " << wrong.what() << '\n';
        return 2;
    } catch (const std::exception& failed) {
        std::cerr << "bench_micro: " << failed.what() << '\n';
        return 3;
    }
}
