#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "stagger/refusal_history.hpp"
#include "stagger/remembered_limits.hpp"
#include "stagger/time.hpp"
#include "stagger/token_usage.hpp"
#include "stagger/wait_reason.hpp"

namespace stagger {

/** @brief What one attempt costs a limit.
 *
 * Its tokens are reserved when it is sent. What is only estimated follows what the server counted of earlier
 * attempts, also while the task waits, and is settled when its own count is known (`coordinator::accepted`):
 * what was not used is given back to the pace, what was used beyond it is charged.
 */
struct cost {
    double requests = 1;
    double tokens = 0;  ///< taken as they are: those of the prompt, where known, and what an answer may have
                        ///< at most, which providers charge whether it is used or not
    double prompt_tokens = 0;  ///< besides, those of the prompt where they are estimated by its length
    double open_answers = 0;   ///< besides, answers whose length nothing bounds: the usual one is reserved

    bool is_estimated() const { return prompt_tokens > 0 || open_answers > 0; }
    friend bool operator==(const cost&, const cost&) = default;
};

/// One dimension of a provider's rate-limit headers, as the header values say, relative to their arrival.
struct limit_hint {
    std::optional<double> limit;
    std::optional<double> remaining;
    std::optional<duration> reset;
    friend bool operator==(const limit_hint&, const limit_hint&) = default;
};

/// What the headers of an answer tell about the limit. Hints are believed only while they prove true.
struct hints {
    std::optional<duration> retry_after;
    limit_hint requests;
    limit_hint tokens;
    friend bool operator==(const hints&, const hints&) = default;
};

/// A task in the waiting line.
enum class task_id : std::uint64_t {};
/// An admitted attempt whose outcome has not been reported yet.
enum class permit_id : std::uint64_t {};

/// How attempts are admitted. `ride_the_limit` is what this library is for; the others are for comparison.
enum class pacing_kind {
    ride_the_limit,    ///< measure the limit from rejections and pace everyone at it
    unpaced,           ///< every task backs off alone, and keeps its place in flight while it does
    cookbook_pause,    ///< everyone pauses for 15 s after a rejection, as OpenAI's cookbook script does
    aws_adaptive,      ///< the AWS SDKs' adaptive mode: a token bucket whose rate follows CUBIC
    netflix_aimd,      ///< Netflix's limit on attempts in flight: one more, or nine tenths
    inspect_adaptive,  ///< inspect_ai's adaptive connections: a limit on tasks, cut once an episode
    fixed_rate,        ///< evenly at exactly `requests_per_minute`, which it needs
};
std::string_view to_string(pacing_kind kind);

class decision_recorder;

/** @brief Options of a `coordinator`. Setters chain and check their value at once.
 *
 * Every option is in the header of a decision log (format_decision_line.cpp, parse_decision_line.cpp in
 * lib/src/wire), since decisions depend on it.
 *
 * @throws std::invalid_argument from a setter, naming the field, its rule and the value
 */
class coordinator_options {
 public:
    /// Attempts in flight at most, from 1. Default 256.
    coordinator_options& max_in_flight(unsigned count);
    /// A known limit, kept without testing it; 0 (default): unknown, measured. Requests per minute, >= 0.
    coordinator_options& requests_per_minute(double rate);
    /// The same for tokens per minute. Needs the tokens in the `cost` of every task.
    coordinator_options& tokens_per_minute(double rate);
    static constexpr double least_probing = 0.001;
    static constexpr double most_probing = 0.2;
    /// How far above the measured limit it is tested, as a fraction in [0.001, 0.2]: about this share of the
    /// requests is rejected, and a risen limit is noticed within a few times its inverse. Default 0.01.
    /// 0: not at all. The limit is found as usual where nothing is remembered or configured; then the pace
    /// stays at it, follows it down when requests are rejected, and is tested again only by `probe_again`.
    coordinator_options& probing(double fraction);
    /// Longest Retry-After that is obeyed, > 0; what is longer is taken for this, and told as cut
    /// (`coordinator_status::hints_cut`, attempt_events::done::hint_cut_to). Default none, `duration::max()`:
    /// a server's word is good until it proves wrong, which one early request finds out.
    coordinator_options& retry_after_cap(duration longest);
    /// A task that is refused for reasons of its own (errc::prompt_refused) ends this long after its first
    /// refusal at the earliest, however clear it is by then. > 0. Default 20 s: few disturbances last longer.
    coordinator_options& prompt_refused_after(duration shortest);
    /// First guess of the rate in requests per second, > 0, doubled until the first rejection. Default 32.
    coordinator_options& initial_rate(double per_second);
    /// What an earlier run learned (`coordinator::learned`). Default: nothing. The pace starts a little below
    /// the remembered rate and needs no ramp; a window of requests in flight is held, a lockout avoided, from
    /// the first request on. Unlike a configured rate all of it is tested. `requests_per_minute` goes first.
    coordinator_options& remembered(const remembered_limits& limits);
    /// Default `ride_the_limit`.
    coordinator_options& pacing(pacing_kind kind);
    /// Is told every call and every decision of the one coordinator that is made of these options; see
    /// stagger/decision_log.hpp. Default: none.
    coordinator_options& recorder(std::shared_ptr<decision_recorder> told);

    unsigned max_in_flight() const { return max_in_flight_; }
    double requests_per_minute() const { return requests_per_minute_; }
    double tokens_per_minute() const { return tokens_per_minute_; }
    double probing() const { return probing_; }
    duration retry_after_cap() const { return retry_after_cap_; }
    duration prompt_refused_after() const { return prompt_refused_after_; }
    double initial_rate() const { return initial_rate_; }
    const std::optional<remembered_limits>& remembered() const { return remembered_; }
    pacing_kind pacing() const { return pacing_; }
    const std::shared_ptr<decision_recorder>& recorder() const { return recorder_; }

 private:
    unsigned max_in_flight_ = 256;
    double requests_per_minute_ = 0;
    double tokens_per_minute_ = 0;
    double probing_ = 0.01;
    duration retry_after_cap_ = duration::max();
    duration prompt_refused_after_ = std::chrono::seconds(20);
    double initial_rate_ = 32;
    std::optional<remembered_limits> remembered_;
    pacing_kind pacing_ = pacing_kind::ride_the_limit;
    std::shared_ptr<decision_recorder> recorder_;
};

/// What the coordinator believes about the server.
enum class coordinator_mode {
    ramp,    ///< no rejection yet: the pace doubles
    search,  ///< first measurements
    ride,    ///< at the measured limit
    closed,  ///< nothing is admitted: one probe at a time
};
std::string_view to_string(coordinator_mode mode);

/// Why a task comes back to the line.
enum class retry_cause {
    throttled,  ///< refused: it rejoins at the front, from the second refusal on behind one other
    accident,   ///< failed by accident: it rejoins at the front and draws on the retry budget
};
std::string_view to_string(retry_cause cause);

/// What the driver is to do next.
struct action {
    enum class kind {
        admit,   ///< send `task` now; report the outcome under `permit`
        expire,  ///< the deadline of `task` has passed while it waited; it has left the line
        wait,    ///< call `next` again at `at`, or after any other call
        idle,    ///< call `next` again after any other call
    };
    action::kind what = kind::idle;
    task_id task{};
    permit_id permit{};
    time_point at = never;
    wait_reason why = wait_reason::none;
};

/// A view for progress displays and logs.
struct coordinator_status {
    coordinator_mode mode = coordinator_mode::ramp;
    double pace_per_s = 0;                    ///< the rate at which attempts are admitted now
    std::optional<double> measured_per_s;     ///< the limit, once measured
    std::optional<unsigned> measured_window;  ///< a limit on concurrency, once learned
    std::size_t waiting = 0;
    std::size_t in_flight = 0;
    wait_reason why = wait_reason::none;  ///< of the last `next`
    waiting_sums waited;                  ///< of all tasks so far, those that still wait included
    std::uint64_t admitted = 0;
    std::uint64_t accepted = 0;
    std::uint64_t throttled = 0;
    std::uint64_t failed = 0;
    std::uint64_t abandoned = 0;
    std::size_t kind_refused = 0;  ///< of those that wait: their model or key is refused as a whole
    std::uint64_t hints_cut = 0;   ///< Retry-Afters longer than coordinator_options::retry_after_cap
    /// The server has said that it admits nothing before (Retry-After, or its headers' reset), and that has
    /// not proved wrong. With `ride_the_limit` one attempt at most goes before it.
    std::optional<time_point> opens_at;
    /// Nothing is sent before: nothing is in flight, and all that waits sits out a wait of its own.
    std::optional<time_point> all_wait_until;
};

/** @brief Decides *when* anyone may send: shared by every task that talks to one (endpoint, account, model).
 *
 * A rejection is a measurement. The coordinator paces first attempts and retries through one waiting line,
 * learns the provider's limit from the send times of what was accepted between two rejections, holds the pace
 * at it, and steps above it now and then to notice a change. While nothing is admitted it sends one probe at
 * a time, and it never releases waiting tasks together. docs/design.md explains the parts.
 *
 * A pure state machine: time and outcomes come in, actions come out. It reads no clock, calls nobody back and
 * draws from its own seeded generator, so that the same calls give the same actions. The driver calls `next`
 * until it answers `wait` or `idle`, and again at that time and after every other call.
 *
 * @par Preconditions
 * `now` never goes back between calls. Every permit is reported exactly once.
 * @par Thread safety
 * Distinct objects: safe. Shared objects: unsafe; the gate in net/ holds a lock.
 * @par Exception safety
 * Strong for `submit` and `resubmit` (std::bad_alloc); nothing else throws.
 */
class coordinator {
 public:
    /// @throws std::invalid_argument for `fixed_rate` without `requests_per_minute`
    coordinator(const coordinator_options& options, std::uint64_t seed);
    coordinator(coordinator&&) noexcept;
    coordinator& operator=(coordinator&&) noexcept;
    ~coordinator();

    /// A first attempt joins the line at its end. After `deadline` it is handed back by `expire`.
    /// @param alike which tasks it is to be compared with, see `resubmit`
    task_id submit(time_point now, const cost& what, time_point deadline = never, task_kind alike = {});
    /** @brief A further attempt rejoins at the front, but does not go before `not_before`.
     *
     * With `ride_the_limit`, one that was refused more than once lets another task go first. Where alike
     * tasks were admitted meanwhile, it also waits out a backoff of its own: U(0, min(8 s, 0.1
     * s·2^refusals)). Where everything of its kind is refused while other kinds are admitted, the kind waits
     * in a line of its own, and one task of it at a time is tried, at gaps that grow to half a minute.
     *
     * @param not_before the larger of what `throttled` answered and the task's own backoff
     * @param alike as it was submitted
     * @param so_far what `throttled` made of it; without it no refusal counts as a further one
     */
    task_id resubmit(time_point now, const cost& what, time_point deadline, time_point not_before,
                     retry_cause cause, task_kind alike = {}, const refusal_history& so_far = {});
    /// A waiting task leaves the line (cancelled). False if it is not waiting any more.
    bool withdraw(time_point now, task_id task);

    /// What to do now. Never the same `admit` or `expire` twice.
    action next(time_point now);

    /** The head of a success has come, and its body is yet to: the server admitted the attempt, but its place
     * in flight stays taken until any of the reports below, which then only gives it back.
     */
    void answering(time_point now, permit_id permit, const hints& said);
    /** The attempt was admitted by the server: a success, or an error that no limit caused.
     * @param used what the server counted; with nothing what was reserved stays charged
     */
    void accepted(time_point now, permit_id permit, const hints& said, const token_usage& used = {});
    /** @brief The attempt was refused by a limit (429, 503, 529, any error with a Retry-After).
     * @return the earliest time at which this very request may go again: its own Retry-After, capped
     */
    time_point throttled(time_point now, permit_id permit, const hints& said);
    /** @brief The same for a task whose refusals are remembered.
     *
     * With `ride_the_limit`, refusals that chance hardly explains, since alike tasks were admitted meanwhile,
     * are kept from the pacing: they are no limit's.
     *
     * @param of_task brought up to date; `refusal_history::own` then says whether the task is to end
     */
    time_point throttled(time_point now, permit_id permit, const hints& said, refusal_history& of_task);
    /// The attempt failed without telling anything about the limit (5xx, broken connection, timeout).
    void failed(time_point now, permit_id permit);
    /// The attempt was dropped by the caller; nothing is known about it.
    void abandoned(time_point now, permit_id permit);

    /// Work that is known to come beside what waits, in requests: lets the last of it finish early.
    void expect(std::size_t further_requests);

    /// From now on `waited` explains the wait of every task that joins. Costs 88 bytes for each waiting one.
    void explain_waits();
    /// What the task waited for that `next` admitted or expired, or `withdraw` took out of the line, last.
    /// All zero unless waits are explained.
    const waiting_times& waited() const;

    /// The limit may have risen: tests it once, until it is measured anew. For `probing(0)`, which does not
    /// by itself; otherwise nothing changes.
    void probe_again(time_point now);

    coordinator_status status(time_point now) const;
    /// The same as `coordinator_status::kind_refused`, for less.
    std::size_t kind_refused() const;
    /// What the next run can start from. Nothing as long as nothing was measured in this one: what was
    /// remembered or configured is not handed back.
    std::optional<remembered_limits> learned(time_point now) const;

 private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace stagger
