#include "arguments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <utility>

#include "configurable_options.hpp"
#include "endpoint_choice.hpp"
#include "environment_settings.hpp"
#include "line_words.hpp"
#include "subcommands.hpp"
#include "text_file.hpp"

namespace app {
namespace {

/// Where the configuration file is if nobody says; it need not exist.
std::string usual_config_file(const environment_reader& environment) {
    const auto folder = environment("XDG_CONFIG_HOME");
    if (!folder.empty()) return folder + "/stagger/config.toml";
    const auto home = environment("HOME");
    return home.empty() ? "" : home + "/.config/stagger/config.toml";
}

configuration read_configuration(const std::string& named, const environment_reader& environment) {
    const auto path = named.empty() ? usual_config_file(environment) : named;
    std::error_code unreadable;
    if (named.empty() && (path.empty() || !std::filesystem::exists(path, unreadable))) return {};
    return {read_text_file(path), path};
}

/// "help batch" is "batch --help".
void turn_help_round(const CLI::App& program, std::vector<std::string>& line) {
    if (line.empty() || line.front() != "help") return;
    line.erase(line.begin());
    const bool asks_of_none =
        !line.empty() && !line.front().starts_with("-") && find_subcommand(program, line.front()) == nullptr;
    if (asks_of_none) return;
    const auto at = line.empty() ? line.begin() : line.begin() + 1;
    line.insert(at, "--help");
}

/// As the command line may write it.
std::vector<std::string> names_of(const CLI::Option& option) {
    std::vector<std::string> names;
    for (const auto& name : option.get_lnames()) names.push_back("--" + name);
    for (const auto& name : option.get_snames()) names.push_back("-" + name);
    return names;
}

void append(std::vector<std::string>& words, const option_setting& setting) {
    for (const auto& value : setting.values) words.push_back("--" + setting.option + "=" + value);
}

}  // namespace

arguments all_arguments(const CLI::App& program, std::vector<std::string> line,
                        const environment_reader& environment) {
    turn_help_round(program, line);
    arguments all;
    const auto first = std::find_if(line.begin(), line.end(), [&](const auto& word) {
        return find_subcommand(program, word) != nullptr;
    });
    const bool asks_for_help = last_value(line, {"-h", "--help", "--version"}).has_value();
    all.config = last_value(line, {"-c", "--config"}).value_or("");
    all.profile = last_value(line, {"--profile"}).value_or("");
    // Whoever asks what there is may do so because the file is wrong.
    if (first == line.end() || asks_for_help) {
        all.words = std::move(line);
        return all;
    }
    const auto& command = *find_subcommand(program, *first);
    const auto configured = configuration_of(line, environment);
    configured.check(program);
    const bool chosen = !all.profile.empty();
    auto profile = chosen ? all.profile : environment("STAGGER_PROFILE");
    if (profile.empty()) profile = configured.usual_profile();

    auto settings = configured.of_command(command, profile, chosen);
    const auto more = environment_settings(command, environment);
    settings.insert(settings.end(), more.begin(), more.end());
    std::stable_sort(settings.begin(), settings.end(),
                     [](const auto& left, const auto& right) { return left.source < right.source; });
    const std::vector<std::string> rest(first + 1, line.end());
    if (find_option(command, "base-url") != nullptr)
        all.remarks = choose_endpoint(settings, rest, environment);

    for (const auto& each : configured.of_program()) append(all.words, each);
    all.words.insert(all.words.end(), line.begin(), first + 1);
    for (const auto& each : settings) {
        const auto* option = find_option(command, each.option);
        const bool on_line = last_value(rest, names_of(*option)).has_value();
        if (on_line && is_repeatable(*option)) continue;
        append(all.words, each);
        all.places.erase(each.option);
        if (!on_line && each.source != setting_source::environment) all.places[each.option] = each.place;
    }
    all.words.insert(all.words.end(), rest.begin(), rest.end());
    return all;
}

configuration configuration_of(const std::vector<std::string>& line, const environment_reader& environment) {
    const auto named = last_value(line, {"-c", "--config"}).value_or("");
    return read_configuration(named.empty() ? environment("STAGGER_CONFIG") : named, environment);
}

std::string placed(const std::string& message, const std::map<std::string, std::string>& places) {
    if (!message.starts_with("--")) return message;
    const auto end = message.find_first_of(": ", 2);
    const auto found = places.find(message.substr(2, end - 2));
    return found == places.end() ? message : found->second + ": " + message;
}

}  // namespace app
