#include "option_choices.hpp"

#include <algorithm>
#include <array>

#include "coordinator/send_policy.hpp"
#include "dialect/registry.hpp"
#include "sim/random_scenario.hpp"
#include "sim/suite.hpp"

namespace app {
namespace {

using strings = std::vector<std::string>;
using on_disk = value_choices::on_disk;

/// Where the choices come from.
enum class choice_source {
    words,  ///< as they stand in the table
    files,  ///< the same are their endings
    folders,
    policies,
    policy_list,
    dialects,
    kind_list,       ///< of random scenarios
    scenarios,       ///< that are built in
    scenario_files,  ///< the same, and files
    profiles,
    models,
};

/// What one value may be.
struct choice_entry {
    std::string_view command;  ///< empty: every command that has the name
    std::string_view name;
    choice_source source;
    std::string_view words = {};  ///< with blanks between
};

using enum choice_source;
constexpr std::string_view prompt_endings = "txt jsonl json csv tsv gz zst";
constexpr std::string_view certificate_endings = "pem crt cer key";
constexpr std::string_view progress_modes = "auto line jsonl heartbeat off";

// Those of one command stand before those of all.
constexpr std::array choice_entries{
    choice_entry{"batch", "PROMPTS", files, prompt_endings},
    choice_entry{"batch", "output", files, "jsonl"},
    choice_entry{"bench", "policy", policy_list},
    choice_entry{"export", "RESULTS", files, "jsonl"},
    choice_entry{"export", "output", files, "csv tsv jsonl txt"},
    choice_entry{"replay", "FILE", files, "jsonl"},
    choice_entry{"report", "RESULTS", files, "json"},
    choice_entry{"report", "output", files, "html"},
    choice_entry{"simulate", "SCENARIO", scenario_files, "json"},
    choice_entry{"simulate", "policy", policy_list},
    choice_entry{"", "access-log", files, "log jsonl"},
    choice_entry{"", "api-key-file", files},
    choice_entry{"", "as", words, "csv tsv jsonl text"},
    choice_entry{"", "ca-file", files, certificate_endings},
    choice_entry{"", "cache", files, "sqlite db"},
    choice_entry{"", "client-cert", files, certificate_endings},
    choice_entry{"", "client-key", files, certificate_endings},
    choice_entry{"", "clients", files, "json"},
    choice_entry{"", "config", files, "toml"},
    choice_entry{"", "csv", files, "csv"},
    choice_entry{"", "decision-log", files, "jsonl"},
    choice_entry{"", "dialect", dialects},
    choice_entry{"", "expect", words, "json"},
    choice_entry{"", "format", words, "auto text jsonl csv tsv json"},
    choice_entry{"", "fsync", words, "always interval never"},
    choice_entry{"", "html", files, "html"},
    choice_entry{"", "join", files, prompt_endings},
    choice_entry{"", "json", files, "json"},
    choice_entry{"", "keepalive", words, "comment off"},
    choice_entry{"", "kind", kind_list},
    choice_entry{"", "load", words, "closed constant poisson burst ramp"},
    choice_entry{"", "log-file", files, "log"},
    choice_entry{"", "log-level", words, "trace debug info warn error off"},
    choice_entry{"", "model", models},
    choice_entry{"", "plot", files, "svg"},
    choice_entry{"", "policy", policies},
    choice_entry{"", "prices", files, "json"},
    choice_entry{"", "profile", profiles},
    choice_entry{"", "progress", words, progress_modes},
    choice_entry{"", "prompts", files, prompt_endings},
    choice_entry{"", "report", files, "html"},
    choice_entry{"", "schema", files, "json"},
    choice_entry{"", "show", scenarios},
    choice_entry{"", "summary", files, "json"},
    choice_entry{"", "system-file", files},
    choice_entry{"", "template-file", files},
    choice_entry{"", "trace", files, "jsonl"},
    choice_entry{"", "unix-socket", files},
    choice_entry{"", "write-suite", folders},
};

strings split(std::string_view text) {
    strings all;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        all.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return all;
}

strings policy_choices() {
    const auto names = stagger::send_policy_names();
    return {names.begin(), names.end()};
}

strings dialect_choices() {
    strings all{"auto"};
    for (const auto& each : stagger::wire::registered_dialects()) all.emplace_back(each.name);
    return all;
}

strings kind_choices() {
    strings all;
    for (const auto each : stagger::sim::random_kinds) all.emplace_back(to_string(each));
    return all;
}

strings scenario_choices() {
    strings all;
    for (const auto& each : stagger::sim::built_in_suite()) all.push_back(each.scenario.name);
    return all;
}

value_choices choices_from(const choice_entry& from, const known_names& known) {
    switch (from.source) {
        case choice_source::words:
            return {split(from.words)};
        case choice_source::files:
            return {{}, false, on_disk::files, split(from.words)};
        case choice_source::folders:
            return {{}, false, on_disk::folders};
        case choice_source::policies:
            return {policy_choices()};
        case choice_source::policy_list:
            return {policy_choices(), true};
        case choice_source::dialects:
            return {dialect_choices()};
        case choice_source::kind_list:
            return {kind_choices(), true};
        case choice_source::scenarios:
            return {scenario_choices()};
        case choice_source::scenario_files:
            return {scenario_choices(), false, on_disk::files, split(from.words)};
        case choice_source::profiles:
            return {known.profiles};
        case choice_source::models:
            return {known.models};
    }
    return {};
}

}  // namespace

value_choices choices_of(std::string_view command, std::string_view name, const known_names& known) {
    const auto found =
        std::find_if(choice_entries.begin(), choice_entries.end(), [&](const choice_entry& each) {
            return each.name == name && (each.command.empty() || each.command == command);
        });
    return found == choice_entries.end() ? value_choices() : choices_from(*found, known);
}

std::vector<std::pair<std::string_view, std::string_view>> names_with_choices() {
    std::vector<std::pair<std::string_view, std::string_view>> names;
    names.reserve(choice_entries.size());
    for (const choice_entry& each : choice_entries) names.emplace_back(each.command, each.name);
    return names;
}

}  // namespace app
