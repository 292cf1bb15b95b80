#pragma once

#include <optional>
#include <string_view>

namespace stagger {

/** @brief The wire format a server speaks.
 *
 * A base URL may end in the operation's path or in the API's version; neither is sent twice. At Azure it is
 * one of OpenAI's; LLM Engine's v2 is OpenAI's, too, at a base URL that ends in /v2.
 */
enum class dialect {
    openai_chat,         ///< POST {base}/chat/completions
    openai_completions,  ///< POST {base}/completions
    llm_engine,          ///< POST {base}/v1/llm/completions-sync?model_endpoint_name={model}; streamed
                         ///< {base}/v1/llm/completions-stream
    openai_responses,    ///< POST {base}/responses
    openai_embeddings,   ///< POST {base}/embeddings; never streamed
    anthropic_messages,  ///< POST {base}/v1/messages
    gemini,              ///< POST {base}/v1beta/models/{model}:generateContent; streamed
                         ///< {base}/v1beta/models/{model}:streamGenerateContent?alt=sse
};

/// "openai-chat", "openai-completions", "llm-engine", "openai-responses", "openai-embeddings",
/// "anthropic-messages", "gemini".
std::string_view to_string(dialect value);
/// The inverse; nothing for any other text.
std::optional<dialect> parse_dialect(std::string_view name);
/// What the server at a base URL speaks, by the operation that its path ends in, else by its host;
/// openai_chat where neither says anything.
dialect dialect_of_url(std::string_view base_url);

}  // namespace stagger
