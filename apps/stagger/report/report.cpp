#include <CLI/CLI.hpp>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "cli/commands.hpp"
#include "cli/distinct_files.hpp"
#include "cli/output_file.hpp"
#include "load/results_file.hpp"
#include "report/report_page.hpp"

namespace app {
namespace {

struct report_options {
    std::vector<std::string> results;
    std::string page;
};

std::string read_whole(const std::string& path) {
    errno = 0;
    const std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (file) text << file.rdbuf();
    if (errno == 0) return text.str();
    throw failure(exit_code::file_failed, path + ": " + std::generic_category().message(errno));
}

named_results read_results(const std::string& path) {
    try {
        named_results read{path, stagger::load::parse_results(read_whole(path))};
        if (read.results.runs.empty()) throw std::invalid_argument("runs: must have at least one");
        return read;
    } catch (const std::invalid_argument& wrong) {
        throw failure(exit_code::file_failed, path + ": " + wrong.what());
    }
}

class report_command final : public command {
 public:
    explicit report_command(CLI::App& parser) {
        parser
            .add_option("RESULTS", options_.results,
                        "Results that bench wrote as JSON; several: side by side")
            ->required();
        parser.add_option("-o,--output", options_.page, "Write the page there; - for standard output")
            ->type_name("FILE.html")
            ->required();
    }

    exit_code run() override {
        keep_apart("--output", options_.page, options_.results);
        std::vector<named_results> documents;
        for (const std::string& each : options_.results) documents.push_back(read_results(each));
        output_file(options_.page).write(report_page(documents));
        return exit_code::done;
    }

 private:
    report_options options_;
};

}  // namespace

std::unique_ptr<command> make_report_command(CLI::App& parser) {
    return std::make_unique<report_command>(parser);
}

}  // namespace app
