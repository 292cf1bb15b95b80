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
#include <tuple>
#include <vector>

#include "batch_runs.hpp"

namespace {

struct arguments {
    std::vector<std::size_t> prompts{100'000, 1'000'000};
    std::string folder;
    std::string json_file;
    bench::network_run network;
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

/// The files of one length of list, which are gone with it.
struct list_files {
    explicit list_files(const std::string& folder, const std::string& ending = ".jsonl")
        : prompts(folder + "/bench_batch_prompts" + ending), results(folder + "/bench_batch_results.jsonl") {
        std::filesystem::remove(results);
    }
    list_files(const list_files&) = delete;
    list_files& operator=(const list_files&) = delete;
    ~list_files() {
        std::error_code ignored;
        std::filesystem::remove(prompts, ignored);
        std::filesystem::remove(results, ignored);
    }

    std::string prompts;
    std::string results;
};

figures measure_network(const arguments& chosen, std::size_t count) {
    const list_files files(chosen.folder);
    bench::write_requests(count, chosen.network.request, files.prompts);
    return measure("over the network", count, [&]() -> bench::run_outcome {
        bench::become_batch(chosen.network, files.prompts, files.results);
    });
}

/// The command's own reader: what a table costs beside JSON lines.
void measure_rows(const arguments& chosen, std::size_t count, std::vector<figures>& all) {
    for (const bool table : {false, true}) {
        const list_files files(chosen.folder, table ? ".csv" : ".jsonl");
        table ? bench::write_table(count, files.prompts) : bench::write_prompts(count, files.prompts);
        const auto run = [&] { return bench::run_rows(files.prompts, files.results); };
        all.push_back(measure(table ? "rows of a table" : "rows of JSONL", count, run));
    }
}

std::vector<figures> measure_all(const arguments& chosen) {
    std::vector<figures> all;
    for (const auto count : chosen.prompts) {
        if (!chosen.network.command.empty()) {
            all.push_back(measure_network(chosen, count));
            continue;
        }
        all.push_back(measure("scheduling", count, [=] { return bench::run_range(count); }));
        if (chosen.folder.empty()) continue;
        const list_files files(chosen.folder);
        bench::write_prompts(count, files.prompts);
        const auto run = [&] { return bench::run_files(files.prompts, files.results); };
        all.push_back(measure("file to file", count, run));
        all.push_back(measure("nothing left", count, run));
        measure_rows(chosen, count, all);
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
    auto* folder = parser.get_option("--files");
    auto* command = parser
                        .add_option("--command", chosen.network.command,
                                    "Only this stagger, over the network, from and into files there")
                        ->type_name("STAGGER")
                        ->needs(folder);
    for (const auto& [name, target, help] :
         {std::tuple("--base-url", &chosen.network.base_url, "Where the server is"),
          std::tuple("--request", &chosen.network.request,
                     "What every line says beside its id: an object such as {\"prompt\":\"Why?\"}")}) {
        command->needs(parser.add_option(name, *target, help)->needs(command));
    }
    parser.add_option("--connections", chosen.network.connections, "Requests in flight there; default 64")
        ->needs(command);
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
