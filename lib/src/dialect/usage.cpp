#include "dialect/usage.hpp"

namespace stagger::wire {

std::optional<std::uint64_t> token_count(const json_node& object, std::string_view name) {
    const auto* value = member(object, name);
    return value ? value->natural() : std::nullopt;
}

namespace {

/// OpenAI counts what came from a cache among the prompt's tokens, by the name that its operation has for it.
std::optional<std::uint64_t> cached_part(const json_node& usage) {
    for (const std::string_view name : {"prompt_tokens_details", "input_tokens_details"}) {
        const auto* details = member(usage, name);
        if (details && details->is_object()) return token_count(*details, "cached_tokens");
    }
    // DeepSeek.
    return token_count(usage, "prompt_cache_hit_tokens");
}

/// Anthropic counts them apart.
void add_cached_beside(const json_node& usage, token_usage& used) {
    const auto read = token_count(usage, "cache_read_input_tokens");
    const auto written = token_count(usage, "cache_creation_input_tokens");
    if (read) used.cached_tokens = read;
    if (used.prompt_tokens) *used.prompt_tokens += read.value_or(0) + written.value_or(0);
}

}  // namespace

token_usage read_usage(const json_node& usage) {
    token_usage used;
    used.prompt_tokens = token_count(usage, "prompt_tokens");
    if (!used.prompt_tokens) used.prompt_tokens = token_count(usage, "input_tokens");
    used.completion_tokens = token_count(usage, "completion_tokens");
    if (!used.completion_tokens) used.completion_tokens = token_count(usage, "output_tokens");
    used.cached_tokens = cached_part(usage);
    add_cached_beside(usage, used);
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
