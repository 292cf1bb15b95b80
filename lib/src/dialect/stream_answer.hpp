#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialect/api_dialect.hpp"
#include "dialect/error_body.hpp"
#include "dialect/secrets.hpp"
#include "dialect/sse_parser.hpp"
#include "stagger/completion.hpp"
#include "stagger/dialect.hpp"

namespace stagger::wire {

/** @brief Puts a streamed answer together from its events, in any dialect.
 *
 * OpenAI's ends with `[DONE]`; some servers forget that, so the end of the body is an end, too, once a finish
 * reason was given. LLM Engine's ends with `finished`. What is an end is for the dialect to say; any other
 * end is a truncation.
 */
class stream_answer {
 public:
    enum class step {
        delta,    ///< a delta to hand out
        nothing,  ///< no part of the answer
        end,      ///< the answer is whole
        failed,   ///< `error()` and the answer's message say why; nothing may follow
    };

    /// @param hidden masked in messages, should the server repeat it
    stream_answer(stagger::dialect dialect, secrets hidden);

    step take(sse_event&& event, completion_delta& delta);
    /// The delta that was taken last is handed out, but an answer has not begun with it.
    bool was_beside() const { return was_beside_; }
    /// Nothing follows after a whole answer.
    bool is_whole() const { return whole_; }
    /// The body has ended as HTTP wants it: `end`, or `failed`.
    /// @param stray what stood outside of the events: sse_parser::stray
    step take_end_of_body(std::string_view stray = {});
    /// The answer cannot be completed any more.
    step fail(error_code error, std::string message);

    const error_code& error() const { return error_; }
    /// The error of the server's that it failed with, where that was it.
    const std::optional<error_body>& reported() const { return reported_; }
    /// Text, finish reason, usage and id as far as they have come.
    completion& answer() { return answer_; }
    const completion& answer() const { return answer_; }

 private:
    step take_reported_error(error_body&& reported);
    void become_whole();
    step take_delta(const sse_event& event, completion_delta& delta);

    const api_dialect& spoken_;
    secrets hidden_;
    completion answer_;
    error_code error_;
    std::optional<error_body> reported_;
    bool has_begun_ = false;
    bool has_content_ = false;
    bool was_beside_ = false;
    bool whole_ = false;
};

}  // namespace stagger::wire
