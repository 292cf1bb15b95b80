#include "configurable_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

namespace app {
namespace {

// What decides where to look cannot be looked up there.
constexpr std::array<std::string_view, 4> line_only{"help", "version", "config", "profile"};

bool is_flag(const CLI::Option& option) {
    return option.get_items_expected_max() == 0;
}

bool is_configurable(const CLI::Option& option) {
    if (option.get_lnames().empty()) return false;
    const auto& name = option.get_lnames().front();
    if (std::find(line_only.begin(), line_only.end(), name) != line_only.end()) return false;
    return is_flag(option) || takes_one_value(option) || is_repeatable(option);
}

}  // namespace

bool takes_one_value(const CLI::Option& option) {
    return !option.get_lnames().empty() && option.get_items_expected_min() == 1 &&
           option.get_items_expected_max() == 1 &&
           option.get_multi_option_policy() != CLI::MultiOptionPolicy::TakeAll;
}

bool is_repeatable(const CLI::Option& option) {
    return !option.get_lnames().empty() && !is_flag(option) && !option.get_allow_extra_args() &&
           option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}

std::vector<std::string> configurable_options(const CLI::App& command) {
    std::vector<std::string> names;
    for (const auto* option : command.get_options()) {
        if (is_configurable(*option)) names.push_back(option->get_lnames().front());
    }
    return names;
}

const CLI::Option* find_option(const CLI::App& command, const std::string& name) {
    return command.get_option_no_throw("--" + name);
}

std::vector<std::string> option_names(const CLI::App& program, const CLI::App& command) {
    std::vector<std::string> names;
    for (const auto* app : {&command, &program}) {
        for (const auto* option : app->get_options()) {
            for (const auto& name : option->get_lnames()) names.push_back("--" + name);
        }
    }
    return names;
}

void let_last_value_win(CLI::App& command) {
    for (auto* option : command.get_options()) {
        if (takes_one_value(*option) || is_flag(*option))
            option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }
}

}  // namespace app
