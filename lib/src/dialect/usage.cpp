#include "dialect/usage.hpp"

namespace stagger::wire {

std::optional<std::uint64_t> token_count(const json_node& object, std::string_view name) {
    const auto* value = member(object, name);
    return value ? value->natural() : std::nullopt;
}

token_usage usage_in(const json_node& document) {
    token_usage used;
    const auto* usage = member(document, "usage");
    if (!usage || !usage->is_object()) return used;
    used.prompt_tokens = token_count(*usage, "prompt_tokens");
    used.completion_tokens = token_count(*usage, "completion_tokens");
    return used;
}

void take_id(const json_node& document, std::string_view name, std::string& id) {
    if (!id.empty()) return;
    const auto* given = member(document, name);
    if (given && given->is_string()) id = text_of(*given);
}

}  // namespace stagger::wire
