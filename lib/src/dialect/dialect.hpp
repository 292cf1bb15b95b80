#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dialect/delivery.hpp"
#include "dialect/error_body.hpp"
#include "dialect/secrets.hpp"
#include "stagger/attempt_result.hpp"
#include "stagger/completion.hpp"
#include "stagger/dialect.hpp"
#include "stagger/hints.hpp"

namespace stagger::wire {

class api_dialect;

struct field {
    std::string name;  ///< as sent; compared without case
    std::string value;
};

/// What a dialect needs to know beside the request.
struct encoding_context {
    stagger::dialect dialect = stagger::dialect::openai_chat;
    std::string
        base_path;  ///< path of the base URL, percent-encoded, with or without a trailing slash; may be empty
    std::string base_query;  ///< query of the base URL, encoded; may be empty
    std::string host;        ///< of the base URL; empty: one that nobody knows
    std::string model;       ///< used where the request names none
    std::string api_key;     ///< may be empty: no authorization is sent then
};

/// What a request has of its own.
struct encoded_request {
    std::string target;         ///< path and query; empty: `common_target`
    std::vector<field> fields;  ///< x-request-id, and headers of its own; they replace common ones
    std::string body;
    const api_dialect* answered_in = nullptr;  ///< how its answer is read
};

/// The model that a request asks. Apart from what is sent, which is kept for as long as the request waits.
struct asked_model {
    std::size_t number = 0;  ///< tells models apart: the same for all requests to one
    std::string name;        ///< may be empty: the server's own
};

/// Path and query of every request of a context; empty where each has its own.
std::string common_target(const encoding_context& context);
/// Authorization, content-type, accept: the same for every request of a context for which `encode` succeeds.
std::vector<field> common_fields(const encoding_context& context, delivery how);

/** Turns a request into bytes.
 * @param problem set to what is wrong ("temperature: must be within 0..2, is 3") with errc::invalid_request
 * @param asked set to the model, where the caller wants to know it
 */
encoded_request encode(const completion_request& request, const encoding_context& context, error_code& error,
                       std::string& problem, delivery how = delivery::whole, asked_model* asked = nullptr);

/// A response as the transport received it.
struct response {
    unsigned status = 0;
    std::vector<field> fields;
    std::string body;
    bool ends_with_connection =
        false;  ///< no length was told: nothing but its text shows whether it is whole
};

/// A response as the caller and the coordinator need it.
struct decoded_answer {
    error_code error;         ///< none, or the errc of api-facts' table
    classification what;      ///< whether to try again, and the Retry-After
    bool tells_limit = true;  ///< false: neither accepted nor rejected for the rate, whatever the verdict
    stagger::hints hints;
    completion answer;  ///< text, usage, raw; info: status, message, request id
};

/** Reads a response, whatever it holds: nothing in it can make this fail.
 * @param unix_now seconds since 1970, for Retry-After and reset values that are dates; the response's own
 * Date is used instead where the two clocks differ
 * @param hidden masked in messages, should the server repeat it
 */
decoded_answer decode(response&& received, stagger::dialect dialect, double unix_now,
                      const secrets& hidden = {});

/// The same by an implementation.
decoded_answer decode(response&& received, const api_dialect& spoken, double unix_now,
                      const secrets& hidden = {});

/// What the gate is told of a refusal: a Retry-After as it was judged goes before the one that was sent, and
/// whether the server speaks of its own load.
hints hints_of_refusal(const decoded_answer& refused);

/// Whether the Content-Type is that of server-sent events.
bool is_event_stream(const std::vector<field>& fields);

/** Reads the head of a successful answer to a streamed request; its body is yet to come, as an event stream
 * or as a whole answer in JSON.
 * @pre received.status is 2xx
 * @return with errc::malformed_answer if the body will be neither, errc::unreadable_answer for a page in HTML
 */
decoded_answer decode_stream_head(const response& received, double unix_now, const secrets& hidden = {});

/** An error came in the place of a streamed answer: means what it would mean in an answer in one piece.
 * @param message its words, fit to be shown
 * @param unix_now as `decode` has it
 * @param head as `decode_stream_head` made it of these fields
 */
void take_error_of_stream(const error_body& reported, std::string message,
                          const std::vector<field>& head_fields, double unix_now, decoded_answer& head);
/// The stream ended without an answer: an accident, as of an answer in one piece that was cut.
void take_end_without_answer(std::string message, decoded_answer& head);

/** What a request costs a limit, before anything is known of its answer.
 *
 * Its own `expected_tokens`, else its prompt by its length (bytes of text / 4), and for its answers the most
 * that they may have, where the dialect's providers charge it whether it is used or not; an answer of which
 * that is not said, or that is charged by what it has, is left open.
 */
cost cost_of(const completion_request& request, stagger::dialect spoken = stagger::dialect::openai_chat);
/// Of its prompt, by its length.
double estimate_prompt_tokens(const completion_request& request);

}  // namespace stagger::wire
