#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "provider/description.hpp"
#include "stagger/dialect.hpp"

namespace stagger::server {

/// What a path and a method ask for.
enum class route { completion, stats, reset_stats, wrong_method, nothing };

struct destination {
    route to = route::nothing;
    stagger::dialect spoken = dialect::openai_chat;  ///< also how an error is to be told
    std::string_view allow;                          ///< the one method that the path takes
};

/// Whatever base path precedes them, the operations of every dialect are known.
/// @param target path and query
destination find_destination(std::string_view method, std::string_view target);

/// A tool that the answer calls.
struct wanted_tool {
    std::string name;
    std::string arguments;  ///< JSON
};

/// A completion request as the provider needs it.
struct call {
    stagger::dialect spoken = dialect::openai_chat;
    std::string model;
    std::vector<std::string> prompts;  ///< one answer each; of a chat the last message's text
    std::uint64_t prompt_tokens = 0;   ///< estimated: four characters each
    std::uint64_t max_tokens = 0;      ///< as asked, or the default
    std::uint64_t answer_tokens = 0;   ///< that each answer is said to have; 0: as many as its text
    bool streamed = false;             ///< the answer is to come as server-sent events
    bool include_usage = false;        ///< of a stream in OpenAI's chats and completions
    std::uint64_t cached_tokens = 0;   ///< of the prompt, that are said to come from a cache, at most
    std::optional<wanted_tool> tool;   ///< in the place of a text
    std::uint64_t dimensions = 0;      ///< of an embedding
    bool packed = false;               ///< embeddings are to come in base64
};

/// Why a body is no completion request.
struct call_problem {
    std::string message;
    std::string member;  ///< the body's member that is wrong; empty if it is the whole
};

std::variant<call, call_problem> read_call(stagger::dialect spoken, std::string_view target,
                                           std::string_view body,
                                           const provider::answers_description& answers = {});

/// Estimated tokens of a text.
std::uint64_t estimate_tokens(std::size_t characters);

}  // namespace stagger::server
