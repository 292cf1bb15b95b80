#include "usage_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "configurable_options.hpp"
#include "edit_distance.hpp"

namespace app {
namespace {

bool takes_a_prompt(const CLI::App& command) {
    return command.get_option_no_throw("PROMPT") != nullptr;
}

std::string not_expected(const std::vector<std::string>& extras, const CLI::App& root,
                         const CLI::App& command) {
    const auto unknown = std::find_if(extras.begin(), extras.end(),
                                      [](const std::string& each) { return each.starts_with("-"); });
    if (unknown != extras.end()) {
        const auto name = unknown->substr(0, unknown->find('='));
        return *unknown + " is no option of " + command.get_name() +
               did_you_mean(name, option_names(root, command));
    }
    const auto remedy = takes_a_prompt(command) ? ": a prompt of several words needs quotes around it" : "";
    return fmt::format("\"{}\" was not expected{}", fmt::join(extras, " "), remedy);
}

// "Could not convert: --quiet = maybe": of a flag, since every option with a value has a rule of its own.
std::string not_converted(std::string_view message) {
    const auto begin = message.find("--");
    const auto middle = message.find(" = ");
    if (begin == std::string_view::npos || middle == std::string_view::npos) return std::string(message);
    return fmt::format("{}: must be true or false, is \"{}\"", message.substr(begin, middle - begin),
                       message.substr(middle + 3));
}

}  // namespace

std::string usage_problem(const CLI::ParseError& wrong, const CLI::App& root, const CLI::App& command) {
    const auto extras = root.remaining(true);
    if (dynamic_cast<const CLI::ExtrasError*>(&wrong) != nullptr && !extras.empty())
        return not_expected(extras, root, command);
    // What is missing may be what was misspelt.
    const bool misspelt = std::any_of(extras.begin(), extras.end(),
                                      [](const std::string& each) { return each.starts_with("--"); });
    if (dynamic_cast<const CLI::RequiredError*>(&wrong) != nullptr && misspelt)
        return not_expected(extras, root, command);
    if (dynamic_cast<const CLI::ConversionError*>(&wrong) != nullptr) return not_converted(wrong.what());
    return wrong.what();
}

}  // namespace app
