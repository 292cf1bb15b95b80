#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "stagger/completion.hpp"
#include "stagger/coordinator.hpp"
#include "stagger/token_usage.hpp"
#include "stagger/wait_reason.hpp"

namespace stagger {

/// Names an attempt within its client: whatever is told of it carries the same two numbers.
struct attempt_id {
    std::uint64_t request = 0;  ///< requests of a client are numbered from 1
    unsigned attempt = 0;       ///< attempts of a request are numbered from 1
    friend bool operator==(const attempt_id&, const attempt_id&) = default;
};

/// What an observer is told of an attempt, in this order. Every one ends with `done`, whatever came before.
namespace attempt_events {

/// It asks the gate for leave.
struct queued {
    attempt_id id;
    /// It waits at least so long before it stands in the line: Retry-After or backoff, whichever is longer.
    duration own_delay{0};
};

/// The gate has admitted it.
struct admitted {
    attempt_id id;
    waiting_times waited;  ///< by what for
};

/// The request has been written to a connection.
struct sent {
    attempt_id id;
    std::size_t bytes = 0;
    bool new_connection = false;
};

/// The answer's status line and headers have come.
struct head {
    attempt_id id;
    unsigned status = 0;
    duration since_admitted{0};  ///< connecting and sending included
};

/// It has ended: in line, on the way, or with a whole answer.
struct done {
    attempt_id id;
    error_code error;        ///< none: it succeeded
    const diagnostic& info;  ///< of the whole request so far; `phase` says where this attempt ended
    bool was_admitted = false;
    waiting_times waited;            ///< by what for
    std::size_t bytes_sent = 0;      ///< of HTTP, without TLS
    std::size_t bytes_received = 0;  ///< of HTTP, without TLS
    std::optional<duration>
        again_in;  ///< another attempt follows, not before this is over; nothing: it was the last
    hints said;    ///< what the answer's headers told of limits; nothing of an answer that was streamed
    /// coordinator_options::retry_after_cap, where it is shorter than the Retry-After of a refusal: the
    /// request is tried again after so long, and not when the server has said.
    std::optional<duration> hint_cut_to = std::nullopt;
    std::string_view tag{};    ///< completion_request::tag
    std::string_view model{};  ///< that the request asked, by the name that was sent; empty: the server's own
    /// As the server counted; nothing where another attempt follows. What several attempts used is not added
    /// up.
    token_usage usage{};
};

}  // namespace attempt_events

/** @brief Is told what becomes of every attempt of a client; see client_options::observer.
 *
 * For logs, traces and metrics. Keys and other secrets of the client are in nothing that it is told. What one
 * observer needs is overridden, the rest does nothing. Several clients may share an observer; then calls come
 * from several strands.
 *
 * @par Executor
 * Called on the client's strand, between two steps of its work: what takes long holds up every request of the
 * client. May call any member of the client.
 * @par Thread safety
 * Calls of one client never overlap.
 * @par Exception safety
 * Members are noexcept: an exception ends the program.
 */
class attempt_observer {
 public:
    attempt_observer() = default;
    attempt_observer(const attempt_observer&) = delete;
    attempt_observer& operator=(const attempt_observer&) = delete;
    virtual ~attempt_observer() = default;

    virtual void queued(const attempt_events::queued&) noexcept {}
    virtual void admitted(const attempt_events::admitted&) noexcept {}
    virtual void sent(const attempt_events::sent&) noexcept {}
    virtual void head(const attempt_events::head&) noexcept {}
    virtual void done(const attempt_events::done&) noexcept {}
};

}  // namespace stagger
