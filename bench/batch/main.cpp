// What a batch costs beside its network: CPU time a prompt and peak memory, each run in a process of its own.

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include "batch_runs.hpp"

namespace {

struct arguments {
    std::vector<std::size_t> prompts{100'000, 1'000'000};
    std::string folder;
    std::string json_file;
};

struct figures {
    std::string what;
    std::size_t prompts = 0;
    double us_a_prompt = 0;
    double peak_mib = 0;
};

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

/// A child has a peak of memory of its own.
figures measure(const std::string& what, std::size_t prompts,
                const std::function<bench::run_outcome()>& run) {
    const pid_t child = ::fork();
    if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (child == 0) {
        int code = 1;
        try {
            code = run().results == prompts ? 0 : 2;
        } catch (const std::exception& failed) {
            fmt::print(stderr, "bench_batch: {}\n", failed.what());
        }
        std::_Exit(code);
    }
    int status = 0;
    rusage used{};
    if (::wait4(child, &status, 0, &used) != child || status != 0)
        throw std::runtime_error(what + ": did not answer every prompt");
    figures measured{what, prompts, 0, static_cast<double>(used.ru_maxrss) / 1024};
    measured.us_a_prompt =
        (seconds(used.ru_utime) + seconds(used.ru_stime)) / static_cast<double>(prompts) * 1e6;
    return measured;
}

std::vector<figures> measure_all(const arguments& chosen) {
    std::vector<figures> all;
    for (const auto count : chosen.prompts) {
        all.push_back(measure("scheduling", count, [=] { return bench::run_range(count); }));
        if (chosen.folder.empty()) continue;
        const auto prompts = chosen.folder + "/bench_batch_prompts.jsonl";
        const auto results = chosen.folder + "/bench_batch_results.jsonl";
        bench::write_prompts(count, prompts);
        std::filesystem::remove(results);
        all.push_back(measure("file to file", count, [=] { return bench::run_files(prompts, results); }));
        all.push_back(measure("nothing left", count, [=] { return bench::run_files(prompts, results); }));
        std::filesystem::remove(prompts);
        std::filesystem::remove(results);
    }
    return all;
}

void write_json(const std::vector<figures>& all, const std::string& path) {
    std::ofstream file(path);
    for (const auto& each : all) {
        file << fmt::format(R"({{"what":"{}","prompts":{},"us_a_prompt":{:.4g},"peak_mib":{:.4g}}})"
                            "\n",
                            each.what, each.prompts, each.us_a_prompt, each.peak_mib);
    }
    file.close();
    if (!file) throw std::system_error(errno, std::generic_category(), path);
}

}  // namespace

int main(int count, char** given) {
    arguments chosen;
    CLI::App parser("What a batch costs beside its network; one attempt in a hundred is rejected",
                    "bench_batch");
    parser.add_option("--prompts", chosen.prompts, "Lengths of the lists; default 100000,1000000")
        ->delimiter(',')
        ->check(CLI::Range(1, 1'000'000'000));
    parser
        .add_option("--files", chosen.folder, "Also from a file into a file, in this folder, and once more")
        ->type_name("FOLDER");
    parser.add_option("--json", chosen.json_file, "Write the figures there, a JSON object a line");
    try {
        parser.parse(count, given);
        const auto all = measure_all(chosen);
        fmt::print("{:<16} {:>12} {:>16} {:>12}\n", "", "prompts", "CPU us a prompt", "peak MiB");
        for (const auto& each : all) {
            fmt::print("{:<16} {:>12} {:>16.2f} {:>12.1f}\n", each.what, each.prompts, each.us_a_prompt,
                       each.peak_mib);
        }
        if (!chosen.json_file.empty()) write_json(all, chosen.json_file);
        return 0;
    } catch (const CLI::ParseError& wrong) {
        return parser.exit(wrong) == 0 ? 0 : 2;
    } catch (const std::exception& failed) {
        fmt::print(stderr, "bench_batch: {}\n", failed.what());
        return 3;
    }
}
