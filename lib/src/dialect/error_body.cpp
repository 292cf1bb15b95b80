#include "dialect/error_body.hpp"

#include <algorithm>

#include "base/decimal.hpp"
#include "json/json_document.hpp"

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

void add_name(std::vector<std::string>& names, const json_node* value) {
    if (!value) return;
    if (value->is_string() && !value->text().empty()) names.push_back(text_of(*value));
    if (const auto number = value->integer()) names.push_back(std::to_string(*number));
}

void add_members(std::vector<std::string>& names, const json_node& object,
                 std::initializer_list<std::string_view> members) {
    if (!object.is_object()) return;
    for (const auto name : members) add_name(names, member(object, name));
}

/// "38.2s"
std::optional<double> seconds_of(const json_node* span) {
    if (!span || !span->is_string() || !span->text().ends_with('s')) return std::nullopt;
    auto text = span->text();
    text.remove_suffix(1);
    return parse_decimal(text);
}

/// One of Google's: {"reason": …}, {"retryDelay": …}, {"violations": [{"quotaId": …}]}.
void read_google_detail(const json_node& detail, error_body& read) {
    add_members(read.names, detail, {"reason", "quotaId"});
    if (const auto wait = seconds_of(member(detail, "retryDelay"))) read.retry_delay_s = wait;
    const auto* violations = member(detail, "violations");
    if (!violations || !violations->is_array()) return;
    for (const auto& one : *violations) add_members(read.names, one, {"quotaId"});
}

void read_details(const json_node& error, error_body& read) {
    const auto* details = member(error, "details");
    if (!details) return;
    add_members(read.names, *details, {"error_code", "reason"});
    if (!details->is_array()) return;
    for (const auto& one : *details) {
        if (one.is_object()) read_google_detail(one, read);
    }
}

error_body read_object(const json_node& error) {
    error_body read;
    read.message = text_member(error, "message");
    read.type = text_member(error, "type");
    read.code = text_member(error, "code");
    add_members(read.names, error, {"type", "code", "status", "status_code", "error_type", "__type"});
    if (const auto* metadata = member(error, "metadata"))
        add_members(read.names, *metadata, {"limit_source", "error_type"});
    read_details(error, read);
    return read;
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

/// What answers of any operation have.
bool stands_beside_an_answer(const json_node& document) {
    for (const std::string_view name :
         {"choices", "content", "output", "candidates", "data", "object", "id"}) {
        if (member(document, name)) return true;
    }
    return false;
}

}  // namespace

bool error_body::is_named(std::string_view name) const {
    return std::find(names.begin(), names.end(), name) != names.end();
}

const json_node* error_document(const json_node& document) {
    if (document.is_object()) return &document;
    if (!document.is_array() || document.begin() == document.end()) return nullptr;
    const json_node& first = *document.begin();
    return first.is_object() ? &first : nullptr;
}

std::optional<error_body> reported_error(const json_node& document) {
    const auto* error = member(document, "error");
    if (!error && text_member(document, "object") == "error") return read_object(document);
    if (!error) return std::nullopt;
    if (error->is_string() && !error->text().empty()) {
        error_body read;
        read.message = text_of(*error);
        add_members(read.names, document, {"error_type", "code"});
        return read;
    }
    if (!error->is_object()) return std::nullopt;
    if (says_nothing(*error) && stands_beside_an_answer(document)) return std::nullopt;
    return read_object(*error);
}

error_body flat_error(const json_node& document) {
    return read_object(document);
}

error_body read_error_body(std::string_view body) {
    error_body read;
    if (body.size() <= largest_parsed_bytes) {
        const json_document document(body, json_document::deepest::of_an_error);
        if (const auto* object = document.root() ? error_document(*document.root()) : nullptr) {
            read = reported_error(*object).value_or([&] {
                auto flat = read_object(*object);
                flat.message.clear();
                return flat;
            }());
            const auto beside = text_member(*object, "message");
            // Express and others put the status' name into `error` and what they mean into `message`.
            if (!beside.empty() && beside != read.message) {
                read.message = read.message.empty() ? beside : read.message.append(": ").append(beside);
            }
            if (auto detail = detail_of(*object); !detail.empty()) read.message = std::move(detail);
        }
    }
    if (read.message.empty()) read.message = body.substr(0, largest_parsed_bytes);
    return read;
}

}  // namespace stagger::wire
