#include "simulation_cases.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "batch/write_all.hpp"
#include "cli/exit_code.hpp"
#include "cli/output_file.hpp"
#include "scenario/format_scenario.hpp"
#include "scenario/scenario_file.hpp"

namespace app {
namespace {

namespace sim = stagger::sim;
using sim::suite_row;

constexpr std::string_view extension = ".json";

std::optional<suite_row> find_named(const std::string& name) {
    for (suite_row& each : sim::built_in_suite()) {
        if (each.scenario.name == name || file_name_of(each.scenario.name) == name + std::string(extension))
            return std::move(each);
    }
    if (auto drawn = sim::find_random_scenario(name)) return suite_row{std::move(*drawn), {}};
    return std::nullopt;
}

suite_row load_file(const std::string& path) {
    try {
        return {stagger::wire::load_scenario(path), {}};
    } catch (const std::invalid_argument& wrong) {
        throw failure(exit_code::wrong_usage, wrong.what());
    } catch (const std::system_error& unreadable) {
        const bool unknown = unreadable.code() == std::errc::no_such_file_or_directory;
        throw failure(exit_code::file_failed,
                      path + ": " + unreadable.code().message() +
                          (unknown ? ", nor is there a scenario of that name (see --list)" : ""));
    }
}

void write_new_file(const std::string& path, const std::string& text) {
    const auto file = open_output(path, O_EXCL);
    if (const auto failed = stagger::batch::write_all(file.get(), text))
        throw failure(exit_code::file_failed, path + ": " + failed.message());
}

}  // namespace

std::vector<suite_row> load_cases(const std::vector<std::string>& asked) {
    if (asked.empty()) return sim::built_in_suite();
    std::vector<suite_row> rows;
    for (const std::string& each : asked) {
        std::error_code unknown;
        auto named = std::filesystem::exists(each, unknown) ? std::nullopt : find_named(each);
        rows.push_back(named ? std::move(*named) : load_file(each));
    }
    return rows;
}

std::vector<suite_row> draw_cases(const std::vector<sim::random_kind>& kinds, unsigned count,
                                  std::uint64_t first_seed) {
    std::vector<suite_row> rows;
    for (const sim::random_kind each : kinds) {
        for (unsigned draw = 0; draw < count; ++draw)
            rows.push_back({sim::random_scenario(each, first_seed + draw), {}});
    }
    return rows;
}

sim::random_kind find_random_kind(const std::string& name) {
    std::string known;
    for (const sim::random_kind each : sim::random_kinds) {
        if (to_string(each) == name) return each;
        known.append(known.empty() ? "" : ", ").append(to_string(each));
    }
    throw failure(exit_code::wrong_usage, "--kind: \"" + name + "\" is none of " + known);
}

std::vector<sim::random_kind> find_random_kinds(const std::vector<std::string>& names) {
    std::vector<sim::random_kind> kinds;
    kinds.reserve(names.size());
    for (const std::string& each : names) kinds.push_back(find_random_kind(each));
    return kinds;
}

std::string kind_of(const std::string& scenario_name) {
    const auto end = std::min(scenario_name.rfind('-'), scenario_name.size());
    const std::string kind = scenario_name.substr(0, end);
    const bool random = std::any_of(sim::random_kinds.begin(), sim::random_kinds.end(),
                                    [&](sim::random_kind each) { return to_string(each) == kind; });
    return random && end < scenario_name.size() ? kind : "named";
}

suite_row find_case(const std::string& name) {
    if (auto found = find_named(name)) return std::move(*found);
    throw failure(exit_code::wrong_usage, "--show: there is no scenario \"" + name + "\" (see --list)");
}

std::string file_name_of(const std::string& scenario_name) {
    std::string file;
    for (const char each : scenario_name) {
        const bool plain = std::isalnum(static_cast<unsigned char>(each)) != 0 || each == '.';
        if (plain) {
            file += static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
        } else if (!file.empty() && file.back() != '-') {
            file += '-';
        }
    }
    while (file.ends_with('-')) file.pop_back();
    return file.append(extension);
}

void write_suite(const std::string& folder) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) throw failure(exit_code::file_failed, folder + ": " + failed.message());
    for (const suite_row& each : sim::built_in_suite()) {
        write_new_file((std::filesystem::path(folder) / file_name_of(each.scenario.name)).string(),
                       stagger::wire::format_scenario(each.scenario));
    }
}

}  // namespace app
