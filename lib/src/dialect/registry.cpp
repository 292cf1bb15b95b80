#include "dialect/registry.hpp"

#include <array>
#include <cstddef>

namespace stagger {

namespace wire {

namespace {

constexpr std::array all_dialects{
    registered_dialect{dialect::openai_chat, "openai-chat", openai_chat_dialect},
    registered_dialect{dialect::openai_completions, "openai-completions", openai_completions_dialect},
    registered_dialect{dialect::llm_engine, "llm-engine", llm_engine_dialect},
    registered_dialect{dialect::openai_responses, "openai-responses", openai_responses_dialect},
    registered_dialect{dialect::openai_embeddings, "openai-embeddings", openai_embeddings_dialect},
    registered_dialect{dialect::anthropic_messages, "anthropic-messages", anthropic_messages_dialect},
    registered_dialect{dialect::gemini, "gemini", gemini_dialect},
};

constexpr bool are_in_order() {
    for (std::size_t i = 0; i < all_dialects.size(); ++i) {
        if (static_cast<std::size_t>(all_dialects[i].value) != i) return false;
    }
    return true;
}
static_assert(are_in_order());

}  // namespace

std::span<const registered_dialect> registered_dialects() {
    return all_dialects;
}

const api_dialect& implementation_of(dialect value) {
    return all_dialects.at(static_cast<std::size_t>(value)).implementation();
}

// One that is longer is meant, not its ending: "/chat/completions" is no "/completions".
std::optional<dialect> dialect_of_path(std::string_view path) {
    std::optional<dialect> found;
    std::size_t shortest_rest = path.size();
    for (const registered_dialect& one : all_dialects) {
        const std::size_t rest = one.implementation().without_operation(path).size();
        if (rest >= shortest_rest) continue;
        shortest_rest = rest;
        found = one.value;
    }
    return found;
}

std::string dialect_names() {
    std::string all;
    for (std::size_t i = 0; i < all_dialects.size(); ++i) {
        if (i > 0) all += i + 1 < all_dialects.size() ? ", " : " or ";
        all += all_dialects[i].name;
    }
    return all;
}

}  // namespace wire

std::string_view to_string(dialect value) {
    const auto place = static_cast<std::size_t>(value);
    return place < wire::all_dialects.size() ? wire::all_dialects[place].name : "unknown";
}

std::optional<dialect> parse_dialect(std::string_view name) {
    for (const wire::registered_dialect& one : wire::all_dialects) {
        if (name == one.name) return one.value;
    }
    return std::nullopt;
}

}  // namespace stagger
