#include "dialect/whole_body.hpp"

#include <algorithm>

#include "dialect/neutral_members.hpp"
#include "dialect/parameter_rules.hpp"
#include "json/json_writer.hpp"

namespace stagger::wire {

whole_body::whole_body(const completion_request& request, delivery how, std::string& problem)
    : object_(json_trimmed(request.body())) {
    if (const auto wrong = json_problem(object_)) {
        problem = "body: is not JSON: " + *wrong;
        return;
    }
    auto members = json_members(object_);
    if (!members) {
        problem = "body: must be a JSON object";
        return;
    }
    members_ = std::move(*members);
    const auto* stream = get("stream");
    if (stream) problem = wrong_delivery("body.stream", stream->value, how);
    const auto beside = first_neutral_member(request);
    if (problem.empty() && !beside.empty()) {
        problem = std::string(beside) + ": cannot be added to a whole body; put it into the body" +
                  (beside == "system" ? "'s messages" : "");
    }
}

void whole_body::settle_model(std::string& model) {
    if (const json_member* named = get("model")) {
        model = json_string_value(named->value).value_or(std::string());
    } else if (!model.empty()) {
        add_string("model", model);
    }
}

void whole_body::add_string(std::string_view name, std::string_view text) {
    std::string value;
    append_json_string(value, text);
    add_raw(name, value);
}

void whole_body::add_number(std::string_view name, double value) {
    std::string text;
    append_json_number(text, value);
    add_raw(name, text);
}

void whole_body::add_count(std::string_view name, unsigned value) {
    add_raw(name, std::to_string(value));
}

void whole_body::add_raw(std::string_view name, std::string_view json) {
    const bool added = std::find(added_names_.begin(), added_names_.end(), name) != added_names_.end();
    if (has(name) || added) return;
    added_names_.emplace_back(name);
    append_json_string(added_, name);
    added_ += ':';
    added_ += json;
    added_ += ',';
}

std::string whole_body::text(const completion_request& request) {
    for (const auto& [name, json] : request.members()) add_raw(name, json);
    if (added_.empty()) return std::string(object_);
    if (members_.empty()) added_.pop_back();
    return '{' + added_ + std::string(object_.substr(1));
}

}  // namespace stagger::wire
