#pragma once

#include "server/request.hpp"
#include "stagger/time.hpp"

namespace stagger::gateway {

/// What can be said to a waiting client without spoiling its answer.
enum class sign_of_life {
    none,
    comments,  ///< the head of an event stream, and comments in it
    interim,   ///< answers of status 102 before the answer
};

/// How the program behind a request waits.
struct client_habits {
    /// It gives up so long after it has sent the request if it hears nothing.
    duration patience = duration::max();
    /// Whatever it hears.
    duration longest = duration::max();
    unsigned attempts = 1;  ///< it makes in all, if it is told to come again
    sign_of_life kept_by = sign_of_life::none;
};

/** @brief Tells clients by what they say of themselves.
 *
 * The SDKs that are made from one generator (openai, anthropic) send x-stainless-...: their runtime, and
 * their time limit where one was set. Where nothing is known, curl's habit is assumed for patience: none ends
 * the wait. `x-stagger-timeout` (seconds) says it for any client.
 * @param streamed its answer will be an event stream
 * @param comments whether waiting streams are sent any
 */
client_habits read_habits(const http_server::request& from, bool streamed, bool comments);

}  // namespace stagger::gateway
