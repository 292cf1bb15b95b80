#include "environment_arguments.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace app {
namespace {

bool takes_one_value(const CLI::Option& option) {
    return !option.get_lnames().empty() && option.get_items_expected_min() == 1 &&
           option.get_items_expected_max() == 1 &&
           option.get_multi_option_policy() != CLI::MultiOptionPolicy::TakeAll;
}

std::string variable_of(const std::string& option) {
    std::string name = "STAGGER_" + option;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) {
        return letter == '-' ? '_' : static_cast<char>(std::toupper(letter));
    });
    return name;
}

}  // namespace

std::vector<std::string> environment_arguments(const CLI::App& command) {
    std::vector<std::string> arguments;
    for (const auto* option : command.get_options()) {
        if (!takes_one_value(*option)) continue;
        const auto& name = option->get_lnames().front();
        const char* value = std::getenv(variable_of(name).c_str());
        if (value && *value) arguments.push_back("--" + name + "=" + value);
    }
    return arguments;
}

void let_last_value_win(CLI::App& command) {
    for (auto* option : command.get_options()) {
        if (takes_one_value(*option)) option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }
}

}  // namespace app
