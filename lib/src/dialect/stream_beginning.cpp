#include "dialect/stream_beginning.hpp"

#include <utility>

namespace stagger::wire {

stream_beginning::stream_beginning(stagger::dialect dialect, const secrets& hidden, body_form form,
                                   std::size_t max_event_bytes)
    : dialect_(dialect),
      hidden_(hidden),
      form_(form),
      parser_(longest_line_of(max_event_bytes), max_event_bytes),
      answer_(dialect, hidden) {}

stream_beginning::step stream_beginning::take(const response& received, bool ended, double unix_now,
                                              decoded_answer& head) {
    form_ = settled_form(form_, received.body, ended);
    if (form_ == body_form::events) return take_events(received, ended, unix_now, head);
    if (form_ != body_form::whole || !ended) return step::more;
    return take_document(received, unix_now, head);
}

stream_beginning::step stream_beginning::take_events(const response& received, bool ended, double unix_now,
                                                     decoded_answer& head) {
    step told = step::more;
    while (taken_ < received.body.size()) {
        error_code too_large;
        taken_ += parser_.put(std::string_view(received.body).substr(taken_), too_large);
        if (too_large) return step::answer;
        if (!parser_.has_event()) continue;
        const step now = take_event(received, unix_now, head);
        if (now == step::answer || now == step::failed) return now;
        if (now == step::announced) told = now;
    }
    if (!ended) return told;
    if (answer_.take_end_of_body(parser_.stray()) == stream_answer::step::end) return step::answer;
    if (answer_.reported()) return take_error(received, unix_now, head);
    take_end_without_answer(answer_.answer().info.message, head);
    return step::failed;
}

stream_beginning::step stream_beginning::take_event(const response& received, double unix_now,
                                                    decoded_answer& head) {
    completion_delta delta;
    const auto taken = answer_.take(parser_.take(), delta);
    if (taken == stream_answer::step::nothing) return step::more;
    if (taken == stream_answer::step::delta && answer_.was_beside()) return step::announced;
    return answer_.reported() ? take_error(received, unix_now, head) : step::answer;
}

stream_beginning::step stream_beginning::take_error(const response& received, double unix_now,
                                                    decoded_answer& head) {
    take_error_of_stream(*answer_.reported(), answer_.answer().info.message, received.fields, unix_now, head);
    return step::failed;
}

// A server that does not stream. Its answer is one piece: nobody waits longer for having it read twice.
stream_beginning::step stream_beginning::take_document(const response& received, double unix_now,
                                                       decoded_answer& head) {
    response copy = received;
    decoded_answer decoded = decode(std::move(copy), dialect_, unix_now, hidden_);
    if (!decoded.error) return step::answer;
    head = std::move(decoded);
    return step::failed;
}

}  // namespace stagger::wire
