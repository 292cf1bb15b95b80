#include "dialect/parameter_rules.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/utf8.hpp"
#include "dialect/neutral_members.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"

namespace stagger::wire {

namespace {

std::string broken_range(std::string_view name, std::string_view json, const member_rules& rules) {
    if (json == "null") return {};
    for (const auto& rule : rules.ranges) {
        if (rule.name != name) continue;
        const auto value = number_of(json);
        const bool within = value && (rule.low_included ? *value >= rule.low : *value > rule.low) &&
                            *value <= rule.high && (!rule.whole || std::floor(*value) == *value);
        if (!within) return is_but(name, rule.text, json);
    }
    return {};
}

std::string broken_text(std::string_view name, std::string_view text) {
    const auto at = invalid_utf8_at(text);
    return at ? std::string(name) + ": is not valid UTF-8 at byte " + std::to_string(*at) : std::string();
}

std::string broken_member(const std::string& name, const std::string& json, const member_rules& rules,
                          delivery how) {
    if (name.empty()) return "set: the member's name must not be empty";
    if (auto problem = broken_text("set", name); !problem.empty()) return problem;
    if (const auto problem = json_problem(json)) return name + ": is not JSON: " + *problem;
    const auto value = json_trimmed(json);
    if (name == "stream") {
        if (auto problem = wrong_delivery(name, value, how); !problem.empty()) return problem;
    }
    if (auto problem = broken_range(name, value, rules); !problem.empty()) return problem;
    return rules.broken_member ? rules.broken_member(name, value) : std::string();
}

std::string given_twice(const completion_request& request, std::span<const std::string_view> reserved) {
    const auto& members = request.members();
    for (auto one = members.begin(); one != members.end(); ++one) {
        const auto same = [&](const auto& other) { return other.first == one->first; };
        if (std::find(reserved.begin(), reserved.end(), one->first) != reserved.end() ||
            std::any_of(members.begin(), one, same)) {
            return one->first + ": is given twice";
        }
    }
    return {};
}

std::string broken_guidance(const completion_request& request) {
    constexpr std::array<std::string_view, 4> names{"guided_json", "guided_regex", "guided_choice",
                                                    "guided_grammar"};
    std::string_view first;
    for (const auto name : names) {
        if (given_member(request, name).empty()) continue;
        if (!first.empty()) {
            return std::string(name) + ": only one guided_* member may be given, and " + std::string(first) +
                   " is given too";
        }
        first = name;
    }
    return {};
}

std::string shortest(double value) {
    if (!std::isfinite(value)) return std::isnan(value) ? "not a number" : "infinite";
    std::string text;
    append_json_number(text, value);
    return text;
}

}  // namespace

std::string is_but(std::string_view name, std::string_view rule, std::string_view value) {
    return std::string(name) + ": " + std::string(rule) + ", is " + std::string(value);
}

std::optional<double> number_of(std::string_view json) {
    const bool number =
        !json.empty() && (json.front() == '-' || (json.front() >= '0' && json.front() <= '9'));
    return number ? std::optional(json_number_value(json)) : std::nullopt;
}

std::string_view given_member(const completion_request& request, std::string_view name) {
    for (const auto& [member, json] : request.members()) {
        const auto value = json_trimmed(json);
        if (member == name && value != "null") return value;
    }
    return {};
}

bool has_member(const completion_request& request, std::string_view name) {
    for (const auto& member : request.members()) {
        if (member.first == name) return true;
    }
    return false;
}

std::string wrong_delivery(std::string_view name, std::string_view json, delivery how) {
    if (how == delivery::streamed) {
        return json == "true" ? std::string()
                              : std::string(name) + ": must be true: the answer is asked for as a stream";
    }
    return json == "false" || json == "null"
               ? std::string()
               : std::string(name) + ": must be false: the answer is asked for in one piece";
}

std::string broken_rule(const completion_request& request, const member_rules& rules, delivery how,
                        std::span<const std::string_view> reserved) {
    if (auto problem = broken_text("prompt", request.prompt()); !problem.empty()) return problem;
    if (request.system()) {
        if (auto problem = broken_text("system", *request.system()); !problem.empty()) return problem;
    }
    if (request.temperature()) {
        auto problem = broken_range("temperature", shortest(*request.temperature()), rules);
        if (!problem.empty()) return problem;
    }
    if (!(request.expected_tokens() >= 0) || std::isinf(request.expected_tokens()))
        return is_but("expected_tokens", "must be a finite number >= 0", shortest(request.expected_tokens()));
    if (request.max_new_tokens() == 0U) return "max_new_tokens: must be a whole number from 1, is 0";
    if (auto problem = broken_neutral_member(request); !problem.empty()) return problem;
    for (const auto& [name, json] : request.members()) {
        if (auto problem = broken_member(name, json, rules, how); !problem.empty()) return problem;
    }
    if (auto problem = given_twice(request, reserved); !problem.empty()) return problem;
    if (auto problem = broken_guidance(request); !problem.empty()) return problem;
    return rules.broken_together ? rules.broken_together(request) : std::string();
}

}  // namespace stagger::wire
