#include "dialect/body_form.hpp"

#include "base/decimal.hpp"
#include "base/utf8.hpp"

namespace stagger::wire {

namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_json(std::string_view type) {
    constexpr std::string_view suffix = "+json";
    return equal_ignoring_case(type, "application/json") ||
           (type.size() > suffix.size() &&
            equal_ignoring_case(type.substr(type.size() - suffix.size()), suffix));
}

}  // namespace

std::string_view media_type(const std::vector<field>& fields) {
    for (const auto& one : fields) {
        if (!equal_ignoring_case(one.name, "content-type")) continue;
        const std::string_view type = one.value;
        return trim(type.substr(0, type.find(';')));
    }
    return {};
}

body_form form_of(const std::vector<field>& fields) {
    const auto type = media_type(fields);
    if (equal_ignoring_case(type, "text/event-stream")) return body_form::events;
    if (is_json(type)) return body_form::whole;
    for (const std::string_view silent : {"", "text/plain", "application/octet-stream"}) {
        if (equal_ignoring_case(type, silent)) return body_form::unknown;
    }
    return body_form::neither;
}

body_form form_of_beginning(std::string_view body) {
    if (byte_order_mark.starts_with(body)) return body_form::unknown;
    if (body.starts_with(byte_order_mark)) body.remove_prefix(byte_order_mark.size());
    const auto first = body.find_first_not_of(blanks);
    if (first == std::string_view::npos) return body_form::unknown;
    body.remove_prefix(first);
    if (body.front() == '{' || body.front() == '[') return body_form::whole;
    if (body.front() == ':') return body_form::events;
    for (const std::string_view field : {"data", "event", "id", "retry"}) {
        if (field.starts_with(body) || body == field) return body_form::unknown;
        if (body.starts_with(field) && body[field.size()] == ':') return body_form::events;
    }
    return body_form::neither;
}

body_form settled_form(body_form so_far, std::string_view body, bool ended) {
    if (so_far == body_form::unknown) so_far = form_of_beginning(body);
    const bool undecided = so_far == body_form::unknown && ended;
    return so_far == body_form::neither || undecided ? body_form::whole : so_far;
}

}  // namespace stagger::wire
