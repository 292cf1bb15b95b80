#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "stagger/coordinator_options.hpp"
#include "stagger/coordinator_status.hpp"
#include "stagger/hints.hpp"
#include "stagger/time.hpp"
#include "stagger/wait_reason.hpp"

namespace stagger {

/// Sends are numbered from 0 in the order in which they left.
using send_number = std::uint64_t;

/// One send, as its permit remembers it until the outcome is known.
struct departure {
    send_number number = 0;
    time_point at{};
    double cost = 1;         ///< in requests
    double cost_before = 0;  ///< of everything sent before this one
    double tokens = 0;
    double tokens_before = 0;
    // Filled in by the coordinator, which knows the tasks; the rest is the strategy's.
    bool repeated = false;   ///< its task had been sent before
    unsigned in_flight = 0;  ///< attempts, once this one had left
};

/// When the head of the line may go. At `at` it is asked for again and may have moved; `at <= now` is leave
/// to send.
struct opening {
    time_point at = never;
    wait_reason why = wait_reason::pace;
};

/// The tasks, as a strategy sees them when it is asked for the next opening.
struct line_view {
    std::size_t backlog = 0;           ///< requests that wait, or are known to come
    std::size_t in_flight = 0;         ///< attempts
    std::size_t delayed = 0;           ///< of those that wait: that sit out a wait of their own
    std::size_t between_attempts = 0;  ///< tasks that were sent before and are to be sent again
    bool head_was_sent = false;        ///< the head of the line is one of those
    cost head;                         ///< of the head's next attempt, were it sent now

    /// Tasks that were sent and have not ended.
    std::size_t tasks_begun() const { return in_flight + between_attempts; }
};

/** @brief Decides when the head of the waiting line may be sent.
 *
 * What every strategy needs (the line, permits, deadlines, the retry budget, the bound on attempts in flight)
 * is the coordinator's; a strategy sees one stream of sends and outcomes and answers one question.
 */
class pacing {
 public:
    pacing() = default;
    pacing(const pacing&) = delete;
    pacing& operator=(const pacing&) = delete;
    virtual ~pacing() = default;

    virtual opening next_opening(time_point now, const line_view& line) = 0;
    /// @param what with all that is to be reserved in `cost::tokens`
    virtual departure on_send(time_point now, const cost& what) = 0;
    virtual void on_accepted(time_point now, const departure& sent, const hints& said) = 0;
    /// The head of a success: what `on_accepted` tells, early; the attempt is in flight until `on_answered`.
    virtual void on_answering(time_point, const departure&, const hints&) {}
    /// The end of an attempt of which `on_answering` was told. Most strategies look at the end only.
    virtual void on_answered(time_point now, const departure& sent) { on_accepted(now, sent, {}); }
    /// @param said with its Retry-After already capped
    virtual void on_throttled(time_point now, const departure& sent, const hints& said) = 0;
    /// Of what a refusal says of when the server opens, what is believed: its `retry_after` counts for the
    /// refused request, too. Called once for each refusal, before `on_throttled` or in its place.
    virtual hints believed(time_point, const departure&, const hints& said) { return said; }
    /// Neither tells anything about the limit: most strategies have nothing to learn from them.
    virtual void on_failed(time_point, const departure&) {}
    virtual void on_abandoned(time_point, const departure&) {}
    /// Nothing was sent after all: the server has admitted nothing and refused nothing.
    virtual void on_unsent(time_point now, const departure& sent) { on_abandoned(now, sent); }
    /// The server counted `more` tokens of an attempt than were reserved when it was sent; negative: fewer.
    virtual void on_settled(time_point, double) {}
    /// Fills in mode, pace and what has been measured.
    virtual void describe(time_point now, coordinator_status& status) const = 0;

    /// The limit may have risen: a strategy that holds it tests it again.
    virtual void probe_again() {}
    /// What was measured; nothing for strategies that do not measure.
    virtual std::optional<remembered_limits> learned(time_point) const { return std::nullopt; }
};

}  // namespace stagger
