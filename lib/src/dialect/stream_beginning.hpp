#pragma once

#include <cstddef>
#include <string_view>

#include "dialect/body_form.hpp"
#include "dialect/dialect.hpp"
#include "dialect/secrets.hpp"
#include "dialect/sse_parser.hpp"
#include "dialect/stream_answer.hpp"

namespace stagger::wire {

/** @brief Tells whether the body of a streamed answer begins with an answer, or with an error in its place.
 *
 * The first event that is part of an answer decides, as soon as it has come, and whatever follows it: who is
 * handed the stream then reads the body from its beginning. An error in front of it refuses the request as
 * the body of an answer in one piece would. Comments, events that belong to no answer and those that only
 * announce one are passed over.
 */
class stream_beginning {
 public:
    enum class step {
        more,       ///< nothing has decided it yet
        announced,  ///< the same, but an event that announces an answer has come
        answer,     ///< what has come is for the stream's reader, faults of its form included
        failed,     ///< the attempt has failed: the head says with what
    };

    /// @param form as the head tells
    /// @param max_event_bytes as sse_parser has it; a larger event is left to the stream's reader
    stream_beginning(stagger::dialect dialect, const secrets& hidden, body_form form,
                     std::size_t max_event_bytes);

    /** Reads on.
     * @param received with all of the body that has come
     * @param ended there is no more to come
     * @param unix_now as `decode` has it
     * @param head what `decode_stream_head` made of it: gets what the attempt failed with
     */
    step take(const response& received, bool ended, double unix_now, decoded_answer& head);
    /// The body is a document, which decides nothing before it is whole.
    bool is_document() const { return form_ == body_form::whole; }

 private:
    step take_events(const response& received, bool ended, double unix_now, decoded_answer& head);
    step take_event(const response& received, double unix_now, decoded_answer& head);
    step take_error(const response& received, double unix_now, decoded_answer& head);
    step take_document(const response& received, double unix_now, decoded_answer& head);

    stagger::dialect dialect_;
    secrets hidden_;
    body_form form_;
    sse_parser parser_;
    stream_answer answer_;
    std::size_t taken_ = 0;
};

}  // namespace stagger::wire
