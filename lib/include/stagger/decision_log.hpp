#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "stagger/coordinator.hpp"
#include "stagger/time.hpp"
#include "stagger/token_usage.hpp"
#include "stagger/wait_reason.hpp"

// What a coordinator was asked and what it decided, as values: enough to explain every decision, and to make
// them all again. docs/decision-log.md has the form in which they are written down.
namespace stagger {

/// Where the coordinator stood when it decided.
struct coordinator_view {
    coordinator_mode mode = coordinator_mode::ramp;
    double pace_per_s = 0;
    std::optional<double> measured_per_s;     ///< the limit, once measured
    std::optional<unsigned> measured_window;  ///< a limit on concurrency, once learned
    friend bool operator==(const coordinator_view&, const coordinator_view&) = default;
};

/// What a change of mode followed from.
enum class mode_cause {
    rejection,  ///< an attempt was refused
    admission,  ///< an attempt was admitted
    failure,    ///< an attempt ended without an answer about the limit
    time,       ///< time passed
    fleet,      ///< the leader of the fleet said so
};
std::string_view to_string(mode_cause cause);

/// The members of coordinator as they were called, with what they answered.
namespace decisions {

/// A first attempt joined the line.
struct submitted {
    cost what;
    time_point deadline = never;
    task_id task{};
    task_kind alike{};
    priority in = priority::normal;
    friend bool operator==(const submitted&, const submitted&) = default;
};

/// A further attempt of a task joined the line.
struct resubmitted {
    cost what;
    time_point deadline = never;
    time_point not_before{};  ///< the time of the call, where no wait of its own was asked for
    retry_cause cause = retry_cause::throttled;
    task_id task{};
    task_kind alike{};
    refusal_history so_far{};
    friend bool operator==(const resubmitted&, const resubmitted&) = default;
};

/// A task gave up its place in the line.
struct withdrawn {
    task_id task{};
    bool was_waiting = false;
    waiting_times waited;
    friend bool operator==(const withdrawn&, const withdrawn&) = default;
};

/// `next` answered admit. `waited` adds up to the time since the task joined the line.
struct admitted {
    task_id task{};
    permit_id permit{};
    waiting_times waited;
    coordinator_view view;
    std::optional<double> reserved_tokens = std::nullopt;  ///< where the task's own are an estimate
    friend bool operator==(const admitted&, const admitted&) = default;
};

/// `next` answered expire.
struct expired {
    task_id task{};
    waiting_times waited;
    friend bool operator==(const expired&, const expired&) = default;
};

/// `next` answered wait, or idle where `until` is `never`.
struct held {
    time_point until = never;
    wait_reason why = wait_reason::none;
    friend bool operator==(const held&, const held&) = default;
};

/// The attempt was admitted, and holds its place until one of the reports below.
struct answering {
    permit_id permit{};
    hints said;
    friend bool operator==(const answering&, const answering&) = default;
};

/// The server admitted the attempt.
struct accepted {
    permit_id permit{};
    hints said;
    token_usage used = {};
    friend bool operator==(const accepted&, const accepted&) = default;
};

/// The server refused the attempt.
struct throttled {
    permit_id permit{};
    hints said;
    time_point earliest{};  ///< as answered: when this very request may go again
    refusal_history before{};
    bool own = false;  ///< as answered: the request itself is what the server refuses
    friend bool operator==(const throttled&, const throttled&) = default;
};

/// The attempt failed without telling anything about the limit.
struct failed {
    permit_id permit{};
    friend bool operator==(const failed&, const failed&) = default;
};

/// The attempt ended without a report.
struct abandoned {
    permit_id permit{};
    friend bool operator==(const abandoned&, const abandoned&) = default;
};

/// `probe_again`.
struct probed_again {
    friend bool operator==(const probed_again&, const probed_again&) = default;
};

/// `fleet_hear`: what the leader of the fleet said.
struct fleet_heard {
    std::string message;
    friend bool operator==(const fleet_heard&, const fleet_heard&) = default;
};

/// `fleet_say`, with what it answered; empty where there was nothing to say.
struct fleet_said {
    std::string message;
    friend bool operator==(const fleet_said&, const fleet_said&) = default;
};

/// `expect`; it has no time of its own, and stands before the call that followed it.
struct expected {
    std::uint64_t further_requests = 0;
    friend bool operator==(const expected&, const expected&) = default;
};

/// No call: what its caller calls a task that has just joined the line (`admission::label`).
struct labelled {
    task_id task{};
    std::string label;
    friend bool operator==(const labelled&, const labelled&) = default;
};

/// No call: what the call before it did to the mode.
struct mode_changed {
    coordinator_mode from = coordinator_mode::ramp;
    mode_cause because = mode_cause::time;
    coordinator_view view;
    friend bool operator==(const mode_changed&, const mode_changed&) = default;
};

}  // namespace decisions

/// Any one of them.
using decision =
    std::variant<decisions::submitted, decisions::resubmitted, decisions::withdrawn, decisions::admitted,
                 decisions::expired, decisions::held, decisions::answering, decisions::accepted,
                 decisions::throttled, decisions::failed, decisions::abandoned, decisions::probed_again,
                 decisions::expected, decisions::mode_changed, decisions::labelled, decisions::fleet_heard,
                 decisions::fleet_said>;

/// What was decided, and when.
struct decision_record {
    time_point at{};
    decision what;
    friend bool operator==(const decision_record&, const decision_record&) = default;
};

/** @brief Is told everything that one coordinator is asked and decides; see coordinator_options::recorder.
 *
 * Called inside the coordinator's members, by a gate under its lock: what takes long belongs elsewhere. With
 * the options and the seed, the records are all that a coordinator's decisions depend on. `next` is recorded
 * also where it only says to wait, since it moves the state as well: a ramp climbs, a probe that was not
 * refused in time counts as admitted.
 */
class decision_recorder {
 public:
    virtual ~decision_recorder() = default;
    /// Before everything else, by the coordinator's constructor, which passes on what this throws.
    virtual void started(const coordinator_options& options, std::uint64_t seed) = 0;
    virtual void record(const decision_record& made) noexcept = 0;
};

}  // namespace stagger
