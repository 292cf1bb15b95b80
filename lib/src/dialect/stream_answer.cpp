#include "dialect/stream_answer.hpp"

#include <algorithm>
#include <utility>

#include "dialect/error_body.hpp"
#include "dialect/error_meaning.hpp"
#include "dialect/registry.hpp"
#include "dialect/server_message.hpp"
#include "json/json_document.hpp"
#include "json/json_text.hpp"

namespace stagger::wire {

namespace {

constexpr std::string_view end_marker = "[DONE]";

/// Some servers put blanks around it, which no client minds.
bool is_end(const sse_event& event) {
    return json_trimmed(event.data) == end_marker;
}

/// By the same names as in an answer that comes whole. What has begun is not tried again, so no opening
/// matters.
error_code error_of(const error_body& reported) {
    switch (meaning_inside_answer(reported, 0).what) {
        case named_meaning::kind::throttled:
            return errc::rate_limited;
        case named_meaning::kind::overloaded:
            return errc::overloaded;
        case named_meaning::kind::exhausted:
            return errc::quota_exhausted;
        case named_meaning::kind::key_refused:
        case named_meaning::kind::none:
            break;
    }
    return errc::error_in_answer;
}

void add_delta(completion& answer, const completion_delta& delta) {
    answer.text += delta.text;
    if (!delta.finish_reason.empty()) answer.finish_reason = delta.finish_reason;
    // What was read does not become less; some say at the end only what they charge in full.
    if (delta.usage.prompt_tokens) {
        answer.usage.prompt_tokens =
            std::max(*delta.usage.prompt_tokens, answer.usage.prompt_tokens.value_or(0));
    }
    if (delta.usage.cached_tokens) answer.usage.cached_tokens = delta.usage.cached_tokens;
    if (delta.usage.completion_tokens) answer.usage.completion_tokens = delta.usage.completion_tokens;
}

}  // namespace

stream_answer::stream_answer(stagger::dialect dialect, secrets hidden)
    : spoken_(implementation_of(dialect)), hidden_(std::move(hidden)) {}

stream_answer::step stream_answer::take(sse_event&& event, completion_delta& delta) {
    if (spoken_.has_end_marker() && is_end(event)) {
        if (!has_begun_) return fail(errc::malformed_answer, "the stream ended without any choices");
        become_whole();
        return step::end;
    }
    if (event.type == "error") return take_reported_error(read_error_body(event.data));
    const step taken = take_delta(event, delta);
    if (taken == step::delta) {
        add_delta(answer_, delta);
        delta.raw = std::move(event.data);
    }
    if (taken != step::failed && whole_) become_whole();
    return taken;
}

void stream_answer::become_whole() {
    whole_ = true;
    answer_.empty = answer_.tool_calls.empty() && !has_content_;
}

stream_answer::step stream_answer::take_delta(const sse_event& event, completion_delta& delta) {
    const json_document document(event.data);
    if (document.is_too_large())
        return fail(errc::answer_too_large, "an event of the answer has " + document.problem());
    const auto* object = document.object();
    if (!object) {
        if (event.type != "message" || is_end(event)) return step::nothing;
        const auto problem = document.problem().empty() ? "no JSON object" : "not JSON";
        return fail(errc::malformed_answer, "an event of the answer is " + std::string(problem) + "; " +
                                                shown_beginning(event.data, hidden_));
    }
    if (auto reported = spoken_.error_in_event(*object)) return take_reported_error(std::move(*reported));
    delta = {};
    stream_progress progress{answer_.tool_calls, answer_.info.request_id, has_begun_, whole_};
    const std::string problem = spoken_.read_event(*object, event.data, delta, progress);
    has_begun_ = progress.has_begun;
    whole_ = progress.is_finished;
    was_beside_ = progress.stands_beside;
    const bool has_text = !answer_.text.empty() || !delta.text.empty();
    has_content_ = has_content_ || has_text || spoken_.says_more(*object);
    if (problem.empty() && progress.has_nothing) return whole_ ? step::end : step::nothing;
    if (problem.empty()) return step::delta;
    return fail(errc::malformed_answer,
                "an event has an unknown shape: " + problem + "; " + shown_beginning(event.data, hidden_));
}

stream_answer::step stream_answer::take_reported_error(error_body&& reported) {
    const step failed = fail(error_of(reported), reported.message);
    reported_ = std::move(reported);
    return failed;
}

stream_answer::step stream_answer::take_end_of_body(std::string_view stray) {
    if (whole_) return step::end;
    if (!stray.empty()) return take_reported_error(read_error_body(stray));
    if (spoken_.may_end_after(answer_)) {
        become_whole();
        return step::end;
    }
    return fail(errc::answer_truncated, "the stream ended before the answer did");
}

stream_answer::step stream_answer::fail(error_code error, std::string message) {
    whole_ = false;
    error_ = error;
    message = readable_message(message, hidden_);
    if (message.empty()) {
        message =
            error == errc::error_in_answer ? "answer reports an error without a message" : error.message();
    }
    answer_.info.message = std::move(message);
    return step::failed;
}

}  // namespace stagger::wire
