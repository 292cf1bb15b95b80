#include "wire/error_body.hpp"

#include "wire/json_document.hpp"

namespace stagger::wire {

namespace {

/// A larger body is no error message and not worth parsing.
constexpr std::size_t largest_parsed_bytes = 1 << 20;
/// Broken rules shown of a list; the first ones are what a user can act on.
constexpr std::size_t most_rules_shown = 5;

std::string text_member(const json_node& object, std::string_view name) {
    const auto* value = member(object, name);
    return value && value->is_string() ? text_of(*value) : std::string();
}

/// ["body", "stop", 0] as "body.stop.0"
std::string joined_location(const json_node& location) {
    std::string out;
    if (!location.is_array()) return out;
    for (const auto& step : location) {
        if (!out.empty()) out += '.';
        if (step.is_string()) out += text_of(step);
        if (const auto index = step.integer()) out += std::to_string(*index);
    }
    return out;
}

/// FastAPI's list of broken rules: [{"loc": ["body", "temperature"], "msg": "..."}]
std::string joined_rules(const json_node& rules) {
    std::string out;
    std::size_t shown = 0;
    for (const auto& rule : rules) {
        if (!rule.is_object() || shown++ == most_rules_shown) break;
        const auto* location = member(rule, "loc");
        if (!out.empty()) out += "; ";
        if (location) out += joined_location(*location) + ": ";
        out += text_member(rule, "msg");
    }
    return out;
}

std::string detail_of(const json_node& document) {
    const auto* detail = member(document, "detail");
    if (!detail) return {};
    if (detail->is_string()) return text_of(*detail);
    if (detail->is_array()) return joined_rules(*detail);
    return detail->is_object() ? text_member(*detail, "message") : std::string();
}

}  // namespace

namespace {

/// Some servers write every member of their answers, an empty error among them.
bool says_nothing(const json_node& error) {
    for (const auto& one : error) {
        const bool empty_text = one.is_string() && one.text().empty();
        const bool contains_nothing = (one.is_object() || one.is_array()) && one.size() == 0;
        const bool is_false = one.is_bool() && !one.boolean();
        if (!one.is_null() && !empty_text && !contains_nothing && !is_false && one.integer() != 0)
            return false;
    }
    return true;
}

}  // namespace

std::optional<error_body> reported_error(const json_node& document) {
    const auto* error = member(document, "error");
    if (!error) return std::nullopt;
    if (error->is_string() && !error->text().empty()) return error_body{text_of(*error), {}, {}};
    if (!error->is_object()) return std::nullopt;
    if (says_nothing(*error) && member(document, "choices")) return std::nullopt;
    return error_body{text_member(*error, "message"), text_member(*error, "type"),
                      text_member(*error, "code")};
}

error_body read_error_body(std::string_view body) {
    error_body read;
    if (body.size() <= largest_parsed_bytes) {
        const json_document document(body);
        if (const auto* object = document.object()) {
            read = reported_error(*object).value_or(
                error_body{{}, text_member(*object, "type"), text_member(*object, "code")});
            const auto beside = text_member(*object, "message");
            // Express and others put the status' name into `error` and what they mean into `message`.
            if (!beside.empty()) {
                read.message = read.message.empty() ? beside : read.message.append(": ").append(beside);
            }
            if (auto detail = detail_of(*object); !detail.empty()) read.message = std::move(detail);
        }
    }
    if (read.message.empty()) read.message = body.substr(0, largest_parsed_bytes);
    return read;
}

}  // namespace stagger::wire
