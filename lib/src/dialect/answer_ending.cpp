#include "dialect/answer_ending.hpp"

#include <algorithm>
#include <array>

namespace stagger::wire {
namespace {

/// Chats and completions, Responses, Messages (two), Gemini.
constexpr std::array<std::string_view, 5> cutting{"length", "max_output_tokens", "max_tokens",
                                                  "model_context_window_exceeded", "MAX_TOKENS"};
/// OpenAI's dialects, Messages, and what Gemini has.
constexpr std::array<std::string_view, 13> refusing{"content_filter",
                                                    "refusal",
                                                    "SAFETY",
                                                    "RECITATION",
                                                    "LANGUAGE",
                                                    "BLOCKLIST",
                                                    "SPII",
                                                    "NO_IMAGE",
                                                    "PROHIBITED_CONTENT",
                                                    "IMAGE_SAFETY",
                                                    "IMAGE_OTHER",
                                                    "IMAGE_RECITATION",
                                                    "IMAGE_PROHIBITED_CONTENT"};

template <class Words>
bool contains(const Words& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

answer_ending ending_of(std::string_view finish_reason) {
    if (contains(cutting, finish_reason)) return answer_ending::cut_off;
    return contains(refusing, finish_reason) ? answer_ending::refused : answer_ending::whole;
}

}  // namespace stagger::wire
