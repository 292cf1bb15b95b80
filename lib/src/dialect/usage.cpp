#include "dialect/usage.hpp"

namespace stagger::wire {

std::optional<std::uint64_t> token_count(const json_node& object, std::string_view name) {
    const auto* value = member(object, name);
    return value ? value->natural() : std::nullopt;
}

namespace {

/// OpenAI counts what came from a cache among the prompt's tokens, in an object named after what is counted.
std::optional<std::uint64_t> cached_part(const json_node& details) {
    return details.is_object() ? token_count(details, "cached_tokens") : std::nullopt;
}

}  // namespace

// In one pass over the members: every answer has some.
token_usage read_usage(const json_node& usage) {
    token_usage used;
    std::uint64_t beside = 0;  // Anthropic counts what a cache is read or written for apart
    for (const json_node& one : usage) {
        const std::string_view name = one.name();
        if (name == "prompt_tokens" || name == "input_tokens") {
            used.prompt_tokens = one.natural();
        } else if (name == "completion_tokens" || name == "output_tokens") {
            used.completion_tokens = one.natural();
        } else if (name == "prompt_tokens_details" || name == "input_tokens_details") {
            used.cached_tokens = cached_part(one);
        } else if (name == "cache_read_input_tokens") {
            used.cached_tokens = one.natural();
            beside += one.natural().value_or(0);
        } else if (name == "cache_creation_input_tokens") {
            beside += one.natural().value_or(0);
        } else if (name == "prompt_cache_hit_tokens" && !used.cached_tokens) {  // DeepSeek's
            used.cached_tokens = one.natural();
        }
    }
    if (used.prompt_tokens) *used.prompt_tokens += beside;
    return used;
}

token_usage usage_in(const json_node& document) {
    const auto* usage = member(document, "usage");
    return usage && usage->is_object() ? read_usage(*usage) : token_usage();
}

std::string_view string_member(const json_node& object, std::string_view name) {
    const auto* value = member(object, name);
    return value && value->is_string() ? value->text() : std::string_view();
}

void take_id(const json_node& document, std::string_view name, std::string& id) {
    if (!id.empty()) return;
    const auto* given = member(document, name);
    if (given && given->is_string()) id = text_of(*given);
}

}  // namespace stagger::wire
