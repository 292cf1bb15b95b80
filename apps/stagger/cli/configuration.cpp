#include "configuration.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "configurable_options.hpp"
#include "edit_distance.hpp"
#include "exit_code.hpp"
#include "subcommands.hpp"

namespace app {
namespace {

constexpr auto common_section = "common";
constexpr auto profile_word = "profile";
constexpr auto usual_profile_key = "default-profile";

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> section_names(const CLI::App& program) {
    std::vector<std::string> names;
    for (const auto* each : subcommands_of(program)) names.push_back(each->get_name());
    return names;
}

std::vector<std::string> options_of_any_command(const CLI::App& program) {
    std::vector<std::string> names;
    for (const auto* each : subcommands_of(program)) {
        for (auto& name : configurable_options(*each)) {
            if (!contains(names, name)) names.push_back(std::move(name));
        }
    }
    return names;
}

const config_entry* find_entry(const config_section& section, const std::string& name) {
    for (const auto& each : section.entries) {
        if (each.name == name) return &each;
    }
    return nullptr;
}

}  // namespace

configuration::configuration(std::string_view text, std::string name)
    : name_(std::move(name)), sections_(parse_config(text, name_)) {}

std::string configuration::place(unsigned line) const {
    return fmt::format("{}:{}", name_, line);
}

const config_section* configuration::find(const std::vector<std::string>& heading) const {
    for (const auto& each : sections_) {
        if (each.heading == heading) return &each;
    }
    return nullptr;
}

std::vector<std::string> configuration::profiles() const {
    std::vector<std::string> names;
    for (const auto& each : sections_) {
        if (each.heading.size() >= 2 && each.heading.front() == profile_word &&
            !contains(names, each.heading[1]))
            names.push_back(each.heading[1]);
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> configuration::values_of(const std::string& option) const {
    std::vector<std::string> all;
    for (const auto& section : sections_) {
        const auto* entry = find_entry(section, option);
        if (entry == nullptr) continue;
        for (const auto& value : entry->values) {
            if (!contains(all, value)) all.push_back(value);
        }
    }
    return all;
}

void configuration::require_profile(const std::string& profile) const {
    const auto known = profiles();
    if (profile.empty() || contains(known, profile)) return;
    const auto there = name_.empty() ? "; there is no configuration file"
                       : known.empty()
                           ? "; it has none"
                           : or_there_are(profile, known, fmt::format("{}", fmt::join(known, ", ")));
    throw failure(exit_code::wrong_usage, fmt::format("{}: no profile \"{}\"{}",
                                                      name_.empty() ? "--profile" : name_, profile, there));
}

void configuration::check_section(const config_section& section, const CLI::App& program) const {
    auto heading = section.heading;
    const auto refuse = [&](unsigned line, const std::string& problem) {
        throw failure(exit_code::wrong_usage, place(line) + ": " + problem);
    };
    if (!heading.empty() && heading.front() == profile_word) {
        if (heading.size() == 1) {
            if (section.entries.empty()) return;
            refuse(section.entries.front().line, "a profile has a name: [profile.NAME]");
        }
        // What a profile holds, the file may hold, too.
        heading.erase(heading.begin(), heading.begin() + 2);
        if (heading.empty()) {
            heading.emplace_back(common_section);
        } else if (heading.front() == common_section) {
            refuse(section.line,
                   "what all commands share stands under [profile." + section.heading[1] + "] itself");
        }
    }
    std::vector<std::string> known;
    std::string of_what = "an option of stagger itself";
    if (heading.empty()) {
        known = configurable_options(program);
        known.emplace_back(usual_profile_key);
    } else if (heading.size() == 1 && heading.front() == common_section) {
        known = options_of_any_command(program);
        of_what = "an option of any command";
    } else if (const auto* command = find_subcommand(program, heading.front());
               command != nullptr && heading.size() == 1) {
        known = configurable_options(*command);
        of_what = "an option of " + heading.front();
    } else {
        auto sections = section_names(program);
        sections.insert(sections.end(), {common_section, profile_word});
        refuse(section.line, fmt::format("[{}] is no section{}", fmt::join(section.heading, "."),
                                         did_you_mean(section.heading.front(), sections)));
    }
    for (const auto& each : section.entries) {
        if (contains(known, each.name)) continue;
        const bool elsewhere = heading.empty() && contains(options_of_any_command(program), each.name);
        refuse(each.line, fmt::format("{} is not {}{}", each.name, of_what,
                                      elsewhere ? "; it belongs under [common] or a command"
                                                : did_you_mean(each.name, known)));
    }
}

void configuration::check(const CLI::App& program) const {
    // The first fault in the file is told first.
    std::vector<const config_section*> in_order;
    for (const auto& each : sections_) in_order.push_back(&each);
    std::sort(in_order.begin(), in_order.end(),
              [](const auto* left, const auto* right) { return left->line < right->line; });
    for (const auto* each : in_order) check_section(*each, program);
}

std::string configuration::usual_profile() const {
    const auto* top = find({});
    const auto* entry = top != nullptr ? find_entry(*top, usual_profile_key) : nullptr;
    return entry != nullptr && !entry->values.empty() ? entry->values.front() : "";
}

std::vector<option_setting> configuration::of_program() const {
    std::vector<option_setting> settings;
    const auto* top = find({});
    if (top == nullptr) return settings;
    for (const auto& each : top->entries) {
        if (each.name == usual_profile_key) continue;
        settings.push_back({each.name, each.values, setting_source::file, place(each.line), {}});
    }
    return settings;
}

std::vector<option_setting> configuration::of_command(const CLI::App& command, const std::string& profile,
                                                      bool chosen) const {
    require_profile(profile);
    struct layer {
        std::vector<std::string> heading;
        setting_source source;
    };
    const auto& name = command.get_name();
    std::vector<layer> layers{{{common_section}, setting_source::file}, {{name}, setting_source::file}};
    if (!profile.empty()) {
        const auto source = chosen ? setting_source::chosen_profile : setting_source::file;
        layers.push_back({{profile_word, profile}, source});
        layers.push_back({{profile_word, profile, name}, source});
    }
    std::vector<option_setting> settings;
    std::string base_url;
    for (const auto& [heading, source] : layers) {
        const auto* section = find(heading);
        if (section == nullptr) continue;
        if (const auto* own = find_entry(*section, "base-url"); own != nullptr && !own->values.empty())
            base_url = own->values.front();
        for (const auto& each : section->entries) {
            const auto* option = find_option(command, each.name);
            if (option == nullptr) continue;  // of another command, under [common]
            if (each.is_list && !is_repeatable(*option))
                throw failure(exit_code::wrong_usage,
                              place(each.line) + ": " + each.name + ": takes one value, not a list");
            std::erase_if(settings, [&](const auto& earlier) { return earlier.option == each.name; });
            settings.push_back({each.name, each.values, source, place(each.line), base_url});
        }
    }
    return settings;
}

}  // namespace app
