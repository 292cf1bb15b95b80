#pragma once

#include <string>
#include <vector>

#include "stagger/completion.hpp"

namespace stagger {

/// One of several answers to one request, where it asked for them (`set("n", "3")`; Gemini's
/// `candidateCount`).
struct completion_choice {
    std::string text;
    std::string finish_reason;  ///< in the server's words
    std::vector<tool_call> tool_calls;
};

/** @brief All choices of an answer, in the order in which they came.
 *
 * Read from `completion::raw` when it is called. An answer whose dialect has no choices, and one that was
 * streamed, whose further choices are in the deltas' `raw`, has one: the completion's own text.
 */
std::vector<completion_choice> choices_of(const completion& answer);

}  // namespace stagger
