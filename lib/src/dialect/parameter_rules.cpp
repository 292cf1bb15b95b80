#include "dialect/parameter_rules.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "base/decimal.hpp"
#include "base/utf8.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"

namespace stagger::wire {

namespace {

constexpr double unbounded = std::numeric_limits<double>::infinity();

struct range_rule {
    std::string_view name;
    double low;
    double high;
    bool low_included;
    bool whole;
    std::string_view text;
};

constexpr std::array openai_ranges{
    range_rule{"temperature", 0, 2, true, false, "must be within 0..2"},
    range_rule{"max_tokens", 1, unbounded, true, true, "must be a whole number from 1"},
    range_rule{"max_completion_tokens", 1, unbounded, true, true, "must be a whole number from 1"},
    range_rule{"top_p", 0, 1, true, false, "must be within 0..1"},
    range_rule{"n", 1, 128, true, true, "must be a whole number within 1..128"},
    range_rule{"top_logprobs", 0, 20, true, true, "must be a whole number within 0..20"},
    range_rule{"seed", -unbounded, unbounded, true, true, "must be a whole number"},
    range_rule{"presence_penalty", -2, 2, true, false, "must be within -2..2"},
    range_rule{"frequency_penalty", -2, 2, true, false, "must be within -2..2"},
    // No field of OpenAI's, but of the servers that speak its dialect; 0 and -1 both switch it off.
    range_rule{"top_k", -1, unbounded, true, true, "must be a whole number from -1"},
};

constexpr std::array llm_engine_ranges{
    range_rule{"temperature", 0, 1, true, false, "must be within 0..1"},
    range_rule{"max_new_tokens", 1, unbounded, true, true, "must be a whole number from 1"},
    range_rule{"top_p", 0, 1, false, false, "must be above 0 and at most 1"},
    range_rule{"presence_penalty", 0, 2, true, false, "must be within 0..2"},
    range_rule{"frequency_penalty", 0, 2, true, false, "must be within 0..2"},
    range_rule{"top_k", -1, unbounded, true, true, "must be -1 or a whole number from 1"},
};

std::string is_but(std::string_view name, std::string_view rule, std::string_view value) {
    return std::string(name) + ": " + std::string(rule) + ", is " + std::string(value);
}

/// The number that checked JSON text is; nothing if it is no number.
std::optional<double> number_of(std::string_view json) {
    const bool number =
        !json.empty() && (json.front() == '-' || (json.front() >= '0' && json.front() <= '9'));
    return number ? std::optional(json_number_value(json)) : std::nullopt;
}

std::string broken_range(std::string_view name, std::string_view json, dialect target) {
    const auto check = [&](const auto& rules) -> std::string {
        for (const auto& rule : rules) {
            if (rule.name != name || json == "null") continue;
            const auto value = number_of(json);
            const bool within = value && (rule.low_included ? *value >= rule.low : *value > rule.low) &&
                                *value <= rule.high && (!rule.whole || std::floor(*value) == *value);
            if (!within) return is_but(name, rule.text, json);
        }
        return {};
    };
    if (target != dialect::llm_engine) return check(openai_ranges);
    if (name == "top_k" && number_of(json) == 0.0)
        return is_but(name, "must be -1 or a whole number from 1", json);
    return check(llm_engine_ranges);
}

bool is_array_of_strings(std::string_view json) {
    const auto elements = json_elements(json);
    return elements && std::all_of(elements->begin(), elements->end(),
                                   [](std::string_view one) { return one.front() == '"'; });
}

/// LLM Engine's further types: the server would answer 422 for another.
std::string broken_type(std::string_view name, std::string_view json) {
    struct type_rule {
        std::string_view name;
        char first;
        std::string_view text;
    };
    constexpr std::array rules{
        type_rule{"guided_json", '{', "must be an object"},
        type_rule{"guided_regex", '"', "must be a string"},
        type_rule{"guided_grammar", '"', "must be a string"},
    };
    for (const auto& rule : rules) {
        if (rule.name == name && json != "null" && json.front() != rule.first)
            return is_but(name, rule.text, json);
    }
    const bool texts = name == "stop_sequences" || name == "guided_choice";
    if (texts && json != "null" && !is_array_of_strings(json))
        return is_but(name, "must be an array of strings", json);
    constexpr std::array<std::string_view, 3> booleans{"return_token_log_probs", "include_stop_str_in_output",
                                                       "skip_special_tokens"};
    const bool boolean = std::find(booleans.begin(), booleans.end(), name) != booleans.end();
    if (boolean && json != "true" && json != "false" && json != "null") {
        return is_but(name, "must be true or false", json);
    }
    return {};
}

std::string broken_text(std::string_view name, std::string_view text) {
    const auto at = invalid_utf8_at(text);
    return at ? std::string(name) + ": is not valid UTF-8 at byte " + std::to_string(*at) : std::string();
}

std::string broken_member(const std::string& name, const std::string& json, dialect target, delivery how) {
    if (name.empty()) return "set: the member's name must not be empty";
    if (auto problem = broken_text("set", name); !problem.empty()) return problem;
    if (const auto problem = json_problem(json)) return name + ": is not JSON: " + *problem;
    const auto value = json_trimmed(json);
    if (name == "stream") {
        if (auto problem = wrong_delivery(name, value, how); !problem.empty()) return problem;
    }
    if (auto problem = broken_range(name, value, target); !problem.empty()) return problem;
    return target == dialect::llm_engine ? broken_type(name, value) : std::string();
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

/// The member's JSON text; empty if it is not given or null.
std::string_view given(const completion_request& request, std::string_view name) {
    for (const auto& [member, json] : request.members()) {
        const auto value = json_trimmed(json);
        if (member == name && value != "null") return value;
    }
    return {};
}

std::string broken_guidance(const completion_request& request) {
    constexpr std::array<std::string_view, 4> names{"guided_json", "guided_regex", "guided_choice",
                                                    "guided_grammar"};
    std::string_view first;
    for (const auto name : names) {
        if (given(request, name).empty()) continue;
        if (!first.empty()) {
            return std::string(name) + ": only one guided_* member may be given, and " + std::string(first) +
                   " is given too";
        }
        first = name;
    }
    return {};
}

/// LLM Engine refuses to sample greedily and to restrict sampling at once.
std::string broken_greedy_sampling(const completion_request& request) {
    const auto temperature = given(request, "temperature");
    const bool greedy = request.temperature() ? *request.temperature() == 0 : number_of(temperature) == 0.0;
    if (!greedy) return {};
    const auto top_k = given(request, "top_k");
    if (!top_k.empty() && number_of(top_k) != -1.0)
        return is_but("top_k", "must be -1 with temperature 0", top_k);
    const auto top_p = given(request, "top_p");
    if (!top_p.empty() && number_of(top_p) != 1.0)
        return is_but("top_p", "must be 1 with temperature 0", top_p);
    return {};
}

std::string shortest(double value) {
    if (!std::isfinite(value)) return std::isnan(value) ? "not a number" : "infinite";
    std::string text;
    append_json_number(text, value);
    return text;
}

}  // namespace

std::string wrong_delivery(std::string_view name, std::string_view json, delivery how) {
    if (how == delivery::streamed) {
        return json == "true" ? std::string()
                              : std::string(name) + ": must be true: the answer is asked for as a stream";
    }
    return json == "false" || json == "null"
               ? std::string()
               : std::string(name) + ": must be false: the answer is asked for in one piece";
}

std::string broken_rule(const completion_request& request, dialect target, delivery how,
                        std::span<const std::string_view> reserved) {
    if (auto problem = broken_text("prompt", request.prompt()); !problem.empty()) return problem;
    if (request.system()) {
        if (auto problem = broken_text("system", *request.system()); !problem.empty()) return problem;
    }
    if (request.temperature()) {
        auto problem = broken_range("temperature", shortest(*request.temperature()), target);
        if (!problem.empty()) return problem;
    }
    if (!(request.expected_tokens() >= 0) || std::isinf(request.expected_tokens()))
        return is_but("expected_tokens", "must be a finite number >= 0", shortest(request.expected_tokens()));
    if (request.max_new_tokens() == 0U) return "max_new_tokens: must be a whole number from 1, is 0";
    for (const auto& [name, json] : request.members()) {
        if (auto problem = broken_member(name, json, target, how); !problem.empty()) return problem;
    }
    if (auto problem = given_twice(request, reserved); !problem.empty()) return problem;
    if (auto problem = broken_guidance(request); !problem.empty()) return problem;
    return target == dialect::llm_engine ? broken_greedy_sampling(request) : std::string();
}

}  // namespace stagger::wire
