#include "endpoint_choice.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "dialect/known_hosts.hpp"
#include "dialect/registry.hpp"
#include "dialect/secrets.hpp"
#include "line_words.hpp"
#include "stagger/dialect.hpp"

namespace app {
namespace {

using source = setting_source;

const option_setting* find(const std::vector<option_setting>& settings, std::string_view option,
                           source from) {
    for (const auto& each : settings) {
        if (each.option == option && each.source == from && !each.values.empty()) return &each;
    }
    return nullptr;
}

std::string value_of(const std::vector<option_setting>& settings, std::string_view option) {
    for (const auto from : {source::chosen_profile, source::environment, source::file}) {
        if (const auto* setting = find(settings, option, from)) return setting->values.front();
    }
    return {};
}

bool same_url(std::string_view left, std::string_view right) {
    while (left.ends_with('/')) left.remove_suffix(1);
    while (right.ends_with('/')) right.remove_suffix(1);
    return left == right;
}

bool carries_a_key(const std::string& header) {
    const auto colon = header.find(':');
    if (colon == std::string::npos) return false;
    stagger::wire::secrets hidden;
    hidden.add_header(std::string_view(header).substr(0, colon), std::string_view(header).substr(colon + 1));
    return !hidden.empty();
}

/// Where the dialect's own clients look for a base URL. Where the dialect is to be found out by the URL, that
/// is looked for in the usual place.
std::string url_variable_of(std::optional<stagger::dialect> named) {
    const auto& spoken = stagger::wire::implementation_of(named.value_or(stagger::dialect::openai_chat));
    return std::string(spoken.base_url_variable());
}

/// Whether the environment has a key for that base URL.
bool has_key_for(const std::string& url, std::optional<stagger::dialect> named,
                 const environment_reader& environment) {
    const auto spoken = named ? *named : stagger::dialect_of_url(url);
    const auto variables = stagger::wire::key_variables_for_url(url, spoken);
    return std::any_of(variables.begin(), variables.end(),
                       [&](std::string_view name) { return !environment(std::string(name)).empty(); });
}

struct chosen_url {
    std::string url;
    std::string variable;  ///< that names it; empty where something else does
};

chosen_url choose_url(const std::vector<option_setting>& settings, const std::vector<std::string>& line,
                      const environment_reader& environment, const std::string& usual_variable) {
    if (auto given = last_value(line, {"--base-url"}); given && !given->empty()) return {*given, ""};
    if (const auto* own = find(settings, "base-url", source::chosen_profile))
        return {own->values.front(), ""};
    if (const auto* own = find(settings, "base-url", source::environment))
        return {own->values.front(), own->place};
    if (auto usual = environment(usual_variable); !usual.empty()) return {std::move(usual), usual_variable};
    if (const auto* own = find(settings, "base-url", source::file)) return {own->values.front(), ""};
    return {};
}

}  // namespace

std::vector<std::string> choose_endpoint(std::vector<option_setting>& settings,
                                         const std::vector<std::string>& line,
                                         const environment_reader& environment) {
    std::vector<std::string> remarks;
    const auto dialect =
        stagger::parse_dialect(last_value(line, {"--dialect"}).value_or(value_of(settings, "dialect")));
    const auto chosen = choose_url(settings, line, environment, url_variable_of(dialect));

    if (const auto* passed_over = find(settings, "base-url", source::file);
        passed_over != nullptr && !chosen.variable.empty()) {
        // Base URLs may hold passwords, so that they are named by where they stand.
        if (!same_url(passed_over->values.front(), chosen.url))
            remarks.push_back("the base URL of " + chosen.variable + " is taken, not that of " +
                              passed_over->place + "; --base-url or --profile chooses");
        std::erase_if(settings, [](const auto& each) {
            return each.option == "base-url" && each.source == source::file;
        });
    }

    const auto of_another = [&](const option_setting& each) {
        return !each.beside_base_url.empty() && !same_url(each.beside_base_url, chosen.url);
    };
    std::vector<std::string> withheld;
    for (auto& each : settings) {
        if (each.option != "header" || !of_another(each)) continue;
        if (std::erase_if(each.values, carries_a_key) > 0) withheld.push_back("a header of " + each.place);
    }
    std::erase_if(settings, [](const auto& each) { return each.option == "header" && each.values.empty(); });
    const bool given =
        last_value(line, {"--api-key-file"}) || find(settings, "api-key-file", source::environment);
    std::erase_if(settings, [&](const option_setting& each) {
        if (each.option != "api-key-file" || each.source == source::environment) return false;
        if (of_another(each)) {
            if (!given) withheld.push_back("the key of " + each.place);
            return true;
        }
        return each.source == source::file && each.beside_base_url.empty() &&
               has_key_for(chosen.url, dialect, environment);
    });
    for (const auto& each : withheld)
        remarks.push_back(each + " is not sent: it is for the base URL that it stands beside");
    return remarks;
}

}  // namespace app
