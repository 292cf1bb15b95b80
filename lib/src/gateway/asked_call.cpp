#include "gateway/asked_call.hpp"

#include <optional>
#include <vector>

#include "json/json_text.hpp"

namespace stagger::gateway {

namespace {

std::string text_of(const std::vector<wire::json_member>& members, std::string_view name) {
    const auto* found = wire::find_member(members, name);
    return found ? wire::json_string_value(found->value).value_or("") : "";
}

}  // namespace

asked_call read_asked(const http_server::request& from) {
    asked_call asked;
    const std::string_view encoding = value_of(from, "content-encoding");
    const bool packed = !encoding.empty() && !http_server::same_name(encoding, "identity");
    if (packed || wire::json_problem(from.body)) return asked;
    const auto members = wire::json_members(from.body);
    if (!members) return asked;
    asked.model = text_of(*members, "model");
    asked.service_tier = text_of(*members, "service_tier");
    const auto* stream = wire::find_member(*members, "stream");
    asked.streamed = stream && stream->value == "true";
    return asked;
}

}  // namespace stagger::gateway
