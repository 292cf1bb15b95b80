#pragma once

#include <cstdint>
#include <string_view>

namespace stagger {

/// What a request was doing; of one that ended with an error, where it was then.
enum class request_phase : std::uint8_t {
    not_started,
    queued,           ///< in line for the first attempt, or for another one after a rejection
    backing_off,      ///< until the time that the server or the backoff policy set
    awaiting_place,   ///< admitted; as many connections as allowed are in use
    resolving,        ///< the host's name
    connecting,       ///< to one of its addresses
    shaking_hands,    ///< TLS
    sending,          ///< the server may have part of the request
    awaiting_answer,  ///< the server has the request; no whole head has come
    receiving,        ///< the answer's body
    answered,         ///< a whole answer came: an error was in it
};

/// The enumerator's name in words, for messages: "awaiting the answer".
std::string_view to_string(request_phase value) noexcept;

}  // namespace stagger
