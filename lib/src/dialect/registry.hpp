#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dialect/api_dialect.hpp"

/// Every dialect that there is: what adding one touches beside its own file.
namespace stagger::wire {

const api_dialect& openai_chat_dialect();
const api_dialect& openai_completions_dialect();
const api_dialect& llm_engine_dialect();
const api_dialect& openai_responses_dialect();
const api_dialect& openai_embeddings_dialect();
const api_dialect& anthropic_messages_dialect();
const api_dialect& gemini_dialect();

struct registered_dialect {
    dialect value;
    std::string_view name;  ///< on command lines and in files
    const api_dialect& (*implementation)();
};

/// In the order of their values.
std::span<const registered_dialect> registered_dialects();

const api_dialect& implementation_of(dialect value);

/// The dialect of whose operations the path of a URL is one; nothing for any other path.
std::optional<dialect> dialect_of_path(std::string_view path);
/// "openai-chat, openai-completions or llm-engine".
std::string dialect_names();

}  // namespace stagger::wire
