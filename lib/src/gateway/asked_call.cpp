#include "gateway/asked_call.hpp"

#include <charconv>
#include <optional>
#include <system_error>
#include <vector>

#include "json/json_text.hpp"

namespace stagger::gateway {

namespace {

std::string text_of(const std::vector<wire::json_member>& members, std::string_view name) {
    const auto* found = wire::find_member(members, name);
    return found ? wire::json_string_value(found->value).value_or("") : "";
}

std::optional<std::uint64_t> whole_of(const std::vector<wire::json_member>& members, std::string_view name) {
    const auto* found = wire::find_member(members, name);
    if (!found) return std::nullopt;
    const char* const last = found->value.data() + found->value.size();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(found->value.data(), last, value);
    if (error != std::errc() || end != last) return std::nullopt;
    return value;
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
    for (const std::string_view name : {"max_completion_tokens", "max_output_tokens", "max_tokens"}) {
        if (!asked.most_tokens) asked.most_tokens = whole_of(*members, name);
    }
    const auto* stream = wire::find_member(*members, "stream");
    asked.streamed = stream && stream->value == "true";
    return asked;
}

}  // namespace stagger::gateway
