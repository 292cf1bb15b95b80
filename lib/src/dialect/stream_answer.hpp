#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialect/error_body.hpp"
#include "dialect/secrets.hpp"
#include "dialect/sse_parser.hpp"
#include "stagger/completion.hpp"
#include "stagger/dialect.hpp"

namespace stagger::wire {

/** @brief Puts a streamed answer together from its events, in any dialect.
 *
 * OpenAI's ends with `[DONE]`; some servers forget that, so the end of the body is an end, too, once a finish
 * reason was given. LLM Engine's ends with `finished`. Any other end is a truncation.
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
    stream_answer(stagger::dialect dialect, secrets hidden) : dialect_(dialect), hidden_(std::move(hidden)) {}

    step take(sse_event&& event, completion_delta& delta);
    /// Nothing follows after a whole answer.
    bool is_whole() const { return whole_; }
    /// The body has ended as HTTP wants it: `end`, or `failed`.
    step take_end_of_body();
    /// The answer cannot be completed any more.
    step fail(error_code error, std::string message);

    const error_code& error() const { return error_; }
    /// The error of the server's that it failed with, where that was it.
    const std::optional<error_body>& reported() const { return reported_; }
    /// Text, finish reason, usage and id as far as they have come.
    completion& answer() { return answer_; }

 private:
    step take_reported_error(error_body&& reported);
    void become_whole();
    step take_delta(const sse_event& event, completion_delta& delta);

    stagger::dialect dialect_;
    secrets hidden_;
    completion answer_;
    error_code error_;
    std::optional<error_body> reported_;
    bool has_choices_ = false;
    bool has_content_ = false;
    bool whole_ = false;
};

}  // namespace stagger::wire
