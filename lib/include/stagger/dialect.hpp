#pragma once

#include <optional>
#include <string_view>

namespace stagger {

/// The wire format a server speaks. LLM Engine's v2 is OpenAI's, at a base URL that ends in /v2.
enum class dialect {
    openai_chat,         ///< POST {base}/chat/completions
    openai_completions,  ///< POST {base}/completions
    llm_engine,          ///< POST {base}/v1/llm/completions-sync?model_endpoint_name={model}; streamed
                         ///< {base}/v1/llm/completions-stream
};

/// "openai-chat", "openai-completions", "llm-engine".
std::string_view to_string(dialect value);
/// The inverse; nothing for any other text.
std::optional<dialect> parse_dialect(std::string_view name);

}  // namespace stagger
