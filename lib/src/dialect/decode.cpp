#include <cmath>
#include <utility>

#include "base/date.hpp"
#include "base/decimal.hpp"
#include "dialect/body_form.hpp"
#include "dialect/dialect.hpp"
#include "dialect/error_body.hpp"
#include "dialect/error_meaning.hpp"
#include "dialect/rate_limit_headers.hpp"
#include "dialect/registry.hpp"
#include "dialect/server_message.hpp"
#include "dialect/status_meaning.hpp"
#include "json/json_document.hpp"

namespace stagger::wire {

namespace {

/// Clocks further apart than this are believed to be wrong against each other; below, ours is the finer one,
/// as a Date has whole seconds.
constexpr double clock_tolerance_s = 2;
constexpr unsigned http_ok = 200;

std::string_view value_of(const std::vector<field>& fields, std::string_view name) {
    for (const auto& one : fields) {
        if (equal_ignoring_case(one.name, name)) return trim(one.value);
    }
    return {};
}

/// The time against which dates in the response are to be read: by the server's clock where ours differs.
double time_of_response(const std::vector<field>& fields, double unix_now) {
    const auto date = parse_http_date(value_of(fields, "date"));
    return date && std::abs(*date - unix_now) > clock_tolerance_s ? *date : unix_now;
}

/// Of a server that encodes a body although nobody asked for it; empty of any other. Some say "none", or the
/// name of a character set, of a body that is plain.
std::string_view encoding_of(const std::vector<field>& fields) {
    const auto encoding = value_of(fields, "content-encoding");
    for (const std::string_view packed :
         {"gzip", "x-gzip", "deflate", "compress", "x-compress", "br", "zstd"}) {
        if (equal_ignoring_case(encoding, packed)) return encoding;
    }
    return {};
}

/// What reading one response needs to know.
struct reading {
    const response& received;
    const api_dialect& spoken;
    const secrets& hidden;
    double unix_now;  // by our clock

    double time() const { return time_of_response(received.fields, unix_now); }

    std::string readable(std::string_view text) const { return readable_message(text, hidden); }
};

std::string beginning(const reading& from) {
    return from.received.body.empty() ? "the body is empty"
                                      : shown_beginning(from.received.body, from.hidden);
}

void fail(decoded_answer& out, errc error, std::string message, verdict what = verdict::permanent) {
    out.error = error;
    out.what = {what};
    // The limit let it through, whatever became of it then.
    out.tells_limit = true;
    out.answer.text.clear();
    out.answer.finish_reason.clear();
    out.answer.usage = {};
    out.answer.tool_calls.clear();
    out.answer.info.message = std::move(message);
}

std::string encoded_answer(std::string_view encoding) {
    return "answer is encoded (" + std::string(encoding) + "), which nobody asked for";
}

/// A quota that is used up does not fill within seconds: a shorter wait is what a gateway says of any 429.
constexpr auto shortest_opening = std::chrono::minutes(1);
constexpr auto longest_opening = std::chrono::hours(24 * 31);

/** What a quota that is used up means: final, or where it is known when it is filled again, a wait until
 * then.
 * @param said a wait until then is noted there
 */
status_meaning meaning_of_used_up(const named_meaning& named, double unix_now, hints& said) {
    if (named.opens_at) {
        if (said.retry_after) said.otherwise = {said.retry_after_kind, *said.retry_after};
        said.retry_after = bounded_span(std::max(*named.opens_at - unix_now, 1.0), longest_opening);
        said.retry_after_kind = opening_hint::quota;
    }
    if (named.opens_at || (said.retry_after && *said.retry_after >= shortest_opening))
        return {errc::rate_limited, verdict::throttled, true};
    return {errc::quota_exhausted, verdict::permanent, false};
}

/// What the body asks for holds where no header says so, or where headers have proved false.
void take_asked_delay(const error_body& error, hints& said) {
    if (!error.retry_delay_s) return;
    const duration asked = bounded_span(*error.retry_delay_s, longest_opening);
    if (said.retry_after) {
        said.otherwise = {opening_hint::body, asked};
    } else {
        said.retry_after = asked;
        said.retry_after_kind = opening_hint::body;
    }
}

/// A gateway's upstream has refused after the head was sent: nothing was made, and nothing is billed.
status_meaning meaning_of_reported(const error_body& error, double unix_now, hints& said) {
    const auto named = meaning_inside_answer(error, unix_now);
    switch (named.what) {
        case named_meaning::kind::throttled:
            return {errc::rate_limited, verdict::throttled, true};
        case named_meaning::kind::overloaded:
            return {errc::overloaded, verdict::throttled, true};
        case named_meaning::kind::exhausted:
            return meaning_of_used_up(named, unix_now, said);
        case named_meaning::kind::key_refused:
        case named_meaning::kind::none:
            break;
    }
    return {errc::error_in_answer, verdict::permanent, true};
}

/// @param unix_now by the server's clock
void take_error(const error_body& reported, double unix_now, std::string message, decoded_answer& out) {
    take_asked_delay(reported, out.hints);
    const auto meaning = meaning_of_reported(reported, unix_now, out.hints);
    fail(out, meaning.error, std::move(message), meaning.verdict);
    out.tells_limit = meaning.tells_limit;
    if (meaning.verdict != verdict::permanent) out.what.retry_after = out.hints.retry_after;
}

/// @param made the answer stands beside the error
void take_reported_error(const reading& from, const error_body& reported, bool made, decoded_answer& out) {
    auto message = from.readable(reported.message);
    if (message.empty()) message = "answer reports an error without a message";
    if (made) return fail(out, errc::error_in_answer, std::move(message));
    take_error(read_error_body(from.received.body), from.time(), std::move(message), out);
}

void decode_success(const reading& from, decoded_answer& out) {
    const json_document document(from.received.body, from.spoken.depth());
    // Only its text shows that an answer without a length was cut: then nobody has received it whole.
    if (document.is_incomplete() && from.received.ends_with_connection) {
        fail(out, errc::answer_truncated, "the connection ended inside the answer", verdict::transient);
        return;
    }
    if (document.is_too_large()) {
        fail(out, errc::answer_too_large, "answer has " + document.problem());
        return;
    }
    const auto encoding = encoding_of(from.received.fields);
    if (!document.problem().empty() && !encoding.empty()) {
        fail(out, errc::malformed_answer, from.readable(encoded_answer(encoding)));
        return;
    }
    if (!document.problem().empty()) {
        auto message = from.readable("answer is not JSON (" + document.problem() + "); " + beginning(from));
        // Any other success says by itself that there may be nothing to read.
        const bool readable_next_time = from.received.status == http_ok && !document.is_too_deep();
        if (!readable_next_time) return fail(out, errc::malformed_answer, std::move(message));
        // Nobody has an answer to this prompt: something broke on the way that will hardly break again.
        return fail(out, errc::unreadable_answer, std::move(message), verdict::transient);
    }
    const auto* told_in = error_document(*document.root());
    if (const auto reported = told_in ? from.spoken.error_in(*told_in) : std::nullopt)
        return take_reported_error(from, *reported, from.spoken.has_answer(*told_in), out);
    const auto* object = from.spoken.answers_by_object() ? document.object() : document.root();
    if (!object) {
        fail(out, errc::malformed_answer, from.readable("answer is no JSON object; " + beginning(from)));
        return;
    }
    const auto problem = from.spoken.read_answer(*object, from.received.body, out.answer);
    if (!problem.empty()) {
        fail(out, errc::malformed_answer,
             from.readable("answer has an unknown shape: " + problem + "; " + beginning(from)));
        return;
    }
    out.answer.empty =
        out.answer.text.empty() && out.answer.tool_calls.empty() && !from.spoken.says_more(*object);
}

bool is_redirect(unsigned status) {
    return status >= 300 && status < 400;
}

bool is_error(unsigned status) {
    return status >= 400 && status < 600;
}

/// Not an answer, but HTTP: what any other status says of itself is not to be relied on.
bool is_refusal(unsigned status) {
    return is_redirect(status) || is_error(status);
}

/// Servers do not agree on the status of a quota that is used up, or of a key that they do not know.
std::optional<status_meaning> meaning_whatever_status(const reading& from, const error_body& body,
                                                      hints& said) {
    const auto status = from.received.status;
    if (status < 400 || status >= 500) return std::nullopt;
    const auto named = meaning_of_names(body, from.time());
    if (named.what == named_meaning::kind::exhausted) return meaning_of_used_up(named, from.time(), said);
    if (named.what == named_meaning::kind::throttled && status == 402)
        return status_meaning{errc::rate_limited, verdict::throttled, true};
    if (named.what == named_meaning::kind::key_refused && status == 400)
        return status_meaning{errc::unauthorized, verdict::permanent, true};
    return std::nullopt;
}

status_meaning meaning_of(const reading& from, const error_body& body, hints& said) {
    const auto status = from.received.status;
    if (const auto named = meaning_whatever_status(from, body, said)) return *named;
    if (const auto own = from.spoken.meaning_of(status, body)) return *own;
    auto meaning = meaning_of_status(status);
    // A Retry-After of zero asks for nothing: alone it does not make an error one that passes.
    const bool asks_to_wait = said.retry_after && *said.retry_after > duration::zero();
    if (is_error(status) && asks_to_wait && meaning.verdict != verdict::throttled) {
        meaning = {errc::overloaded, verdict::throttled, true};
    }
    return meaning;
}

/// x-should-retry: the server knows better than any table.
void apply_override(const std::vector<field>& fields, status_meaning& meaning) {
    const auto wish = value_of(fields, "x-should-retry");
    if (equal_ignoring_case(wish, "false") && meaning.verdict != verdict::permanent) {
        meaning.verdict = verdict::permanent;
        meaning.tells_limit = false;
    } else if (equal_ignoring_case(wish, "true") && meaning.verdict == verdict::permanent) {
        meaning.verdict = verdict::transient;
    }
}

std::string message_of(const reading& from, const error_body& body) {
    const auto status = std::to_string(from.received.status);
    if (is_redirect(from.received.status)) {
        const auto target = value_of(from.received.fields, "location");
        if (target.empty()) return "HTTP " + status + " without a target";
        return from.readable("HTTP " + status + " redirects to " + std::string(target));
    }
    const auto encoding = encoding_of(from.received.fields);
    const bool unread = body.message == from.received.body;
    if (!encoding.empty() && unread)
        return from.readable("HTTP " + status + "; its message is encoded (" + std::string(encoding) + ")");
    auto message = from.readable(body.message);
    return message.empty() ? "HTTP " + status + " without a message" : message;
}

void decode_failure(const reading& from, decoded_answer& out) {
    const auto body = read_error_body(from.received.body);
    if (from.received.status == 429 || from.received.status == 503) take_asked_delay(body, out.hints);
    auto meaning = meaning_of(from, body, out.hints);
    if (is_refusal(from.received.status)) apply_override(from.received.fields, meaning);
    out.error = meaning.error;
    out.what.verdict = meaning.verdict;
    out.tells_limit = meaning.tells_limit;
    if (meaning.verdict != verdict::permanent) out.what.retry_after = out.hints.retry_after;
    out.answer.info.message = message_of(from, body);
}

/// What the head alone says.
void read_head(const response& received, double unix_now, const secrets& hidden, decoded_answer& out) {
    if (may_carry_hints(received.fields)) {
        out.hints = read_hints(received.fields, time_of_response(received.fields, unix_now));
    }
    auto& info = out.answer.info;
    info.http_status = received.status;
    auto request_id = value_of(received.fields, "x-request-id");
    if (request_id.empty()) request_id = value_of(received.fields, "request-id");
    info.request_id = readable_message(request_id, hidden);
}

}  // namespace

hints hints_of_refusal(const decoded_answer& refused) {
    hints said = refused.hints;
    // A policy may have judged otherwise.
    if (refused.what.retry_after && refused.what.retry_after != said.retry_after) {
        said.retry_after = refused.what.retry_after;
        said.retry_after_kind = opening_hint::retry_after;
        said.otherwise.reset();
    }
    said.overloaded = refused.error == errc::overloaded;
    return said;
}

bool is_event_stream(const std::vector<field>& fields) {
    return form_of(fields) == body_form::events;
}

decoded_answer decode_stream_head(const response& received, double unix_now, const secrets& hidden) {
    decoded_answer out;
    read_head(received, unix_now, hidden, out);
    const auto type = media_type(received.fields);
    const auto form = form_of(received.fields);
    if (form == body_form::neither) {
        auto message = readable_message("answer is no event stream, but " + std::string(type), hidden);
        // A page in the place of an answer is an accident of this prompt. Of any other type nobody knows
        // whether it could have been read.
        if (equal_ignoring_case(type, "text/html")) {
            fail(out, errc::unreadable_answer, std::move(message), verdict::transient);
        } else {
            fail(out, errc::malformed_answer, std::move(message));
        }
    }
    const auto encoding = encoding_of(received.fields);
    if (form != body_form::whole && !encoding.empty()) {
        // Its lines would be taken for fields that nobody knows, and its end for a cut.
        fail(out, errc::malformed_answer, readable_message(encoded_answer(encoding), hidden));
    }
    out.answer.info.last_error = out.error;
    return out;
}

void take_error_of_stream(const error_body& reported, std::string message,
                          const std::vector<field>& head_fields, double unix_now, decoded_answer& head) {
    take_error(reported, time_of_response(head_fields, unix_now), std::move(message), head);
    head.answer.info.last_error = head.error;
}

void take_end_without_answer(std::string message, decoded_answer& head) {
    fail(head, errc::answer_truncated, std::move(message), verdict::transient);
    head.answer.info.last_error = head.error;
}

decoded_answer decode(response&& received, stagger::dialect dialect, double unix_now, const secrets& hidden) {
    return decode(std::move(received), implementation_of(dialect), unix_now, hidden);
}

decoded_answer decode(response&& received, const api_dialect& spoken, double unix_now,
                      const secrets& hidden) {
    const reading from{received, spoken, hidden, unix_now};
    decoded_answer out;
    read_head(received, unix_now, hidden, out);

    if (is_success(received.status)) {
        decode_success(from, out);
    } else {
        decode_failure(from, out);
    }
    out.answer.info.last_error = out.error;
    out.answer.raw = std::move(received.body);
    return out;
}

}  // namespace stagger::wire
