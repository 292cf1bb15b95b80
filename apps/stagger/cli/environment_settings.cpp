#include "environment_settings.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "configurable_options.hpp"

namespace app {
namespace {

std::string variable_of(const std::string& option) {
    std::string name = "STAGGER_" + option;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) {
        return letter == '-' ? '_' : static_cast<char>(std::toupper(letter));
    });
    return name;
}

}  // namespace

std::string process_environment(const std::string& variable) {
    const char* value = std::getenv(variable.c_str());
    return value ? value : "";
}

std::vector<option_setting> environment_settings(const CLI::App& command,
                                                 const environment_reader& environment) {
    std::vector<option_setting> settings;
    for (const auto* option : command.get_options()) {
        if (!takes_one_value(*option)) continue;
        const auto& name = option->get_lnames().front();
        const auto variable = variable_of(name);
        auto value = environment(variable);
        if (value.empty()) continue;
        settings.push_back({name, {std::move(value)}, setting_source::environment, variable, {}});
    }
    return settings;
}

}  // namespace app
