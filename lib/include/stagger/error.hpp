#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>
#include <string_view>
#include <type_traits>

namespace stagger {

using boost::system::error_category;
using boost::system::error_code;
using boost::system::error_condition;

/** @brief Everything that can end a completion without an answer.
 *
 * The comment beside each value says whether the library tries again by itself; `diagnostic` says what the
 * server sent. Compare with a `condition` to handle groups.
 */
enum class errc {
    // Refused for now; tried again through the coordinator.
    rate_limited = 1,  ///< 429, also inside a 200; a used-up quota of which is known when it is filled again
    overloaded,  ///< 503, 529, any error with a Retry-After, a gateway that hides its upstream's 429; 502
                 ///< and the like inside a 200

    // The attempt failed; tried again on a new connection within the retry budget.
    server_error,             ///< 408, 409, 425, 500, 502, 504 and every 5xx without a row of its own
    name_server_unreachable,  ///< the resolver could not be asked
    connect_failed,           ///< no address of the host accepted a connection
    connection_lost,          ///< reset or closed before an answer began
    answer_truncated,         ///< the connection ended inside the answer
    unreadable_answer,        ///< status 200, but the body is no JSON or ends too early; again twice at most
    tls_handshake_failed,     ///< the peer broke the handshake off
    proxy_failed,             ///< the proxy could not reach the server, or broke off: 5xx, 408, 429
    resolve_timed_out,        ///< the host's name was not looked up in time
    connect_timed_out,        ///< no connection in time, or none of those that are allowed was free
    handshake_timed_out,      ///< TLS was not agreed on in time
    send_timed_out,           ///< the server did not take the request in time
    answer_timed_out,         ///< the attempt's time limit, or a stream's idle time, passed first

    // Final.
    bad_request,                 ///< 400, 413, 422 and every 4xx without a row of its own; 501, 505
    unauthorized,                ///< 401
    forbidden,                   ///< 403
    not_found,                   ///< 404
    quota_exhausted,             ///< 402, or any 4xx that says that the account has nothing left
    redirected,                  ///< 3xx: a request that carries a key is never replayed elsewhere
    error_in_answer,             ///< status 200, but the body reports an error
    malformed_answer,            ///< not HTTP, JSON of another shape, or in an encoding nobody asked for
    answer_too_large,            ///< the head, the body, an event or its number of values is past a bound
    name_not_found,              ///< the host name does not exist
    certificate_expired,         ///< the server's, or one that it rests on
    certificate_not_yet_valid,   ///< the same; or the clock here is wrong
    certificate_wrong_host,      ///< it is for other names than the base URL's host
    certificate_self_signed,     ///< signed by nobody but itself, and not trusted: `client_options::ca_file`
    certificate_untrusted,       ///< signed by nobody that is trusted, or otherwise invalid
    client_certificate_refused,  ///< the server demands one, or one of others:
                                 ///< `client_options::client_certificate`
    proxy_refused,               ///< 407, 403 and every other 4xx of the proxy: `client_options::proxy`
    callback_threw,              ///< a function of the program's own threw: of a retry policy, or a source
    invalid_request,             ///< refused before sending: a field breaks its rule
    prompt_refused,  ///< refused by a limit again and again while prompts of its model and key were admitted
    prompt_failed,   ///< its attempts met accidents again and again while prompts of its model and key were
                     ///< answered: `client_options::give_up_after`
    deadline_exceeded,  ///< the request's own deadline passed, or cannot be kept; `diagnostic` has the last
                        ///< failure
    cancelled,          ///< per-operation cancellation
    shut_down,          ///< the client or the gate was closed
};

/** @brief Groups of errors, for callers that act on what is to be done, not on what happened.
 *
 * They also match codes of the system and of Asio: `cancelled` matches operation_canceled, `timed_out`
 * matches timed_out, `retryable` matches broken and refused connections and an unreachable name server,
 * `permanent` matches a host name that does not exist. deadline_exceeded is `timed_out` only.
 */
enum class condition {
    throttled = 1,  ///< the server said: not now
    retryable,      ///< the same request may succeed later; includes `throttled`
    permanent,      ///< the same request will fail again
    cancelled,      ///< the caller (or shutdown) ended it
    timed_out,      ///< a time limit passed: a phase, the attempt, or the deadline
};

/// The category of `errc`.
const error_category& stagger_category() noexcept;
/// The category of `condition`.
const error_category& condition_category() noexcept;

/// Lets an `errc` stand where an error_code is wanted.
error_code make_error_code(errc value) noexcept;
/// Lets an error_code be compared with a `condition`.
error_condition make_error_condition(condition value) noexcept;

/// The enumerator's name, as result files and logs write it: "rate_limited".
std::string_view to_string(errc value) noexcept;

}  // namespace stagger

/// @cond  doxygen knows no namespace boost::system
template <>
struct boost::system::is_error_code_enum<stagger::errc> : std::true_type {};
template <>
struct boost::system::is_error_condition_enum<stagger::condition> : std::true_type {};
/// @endcond
