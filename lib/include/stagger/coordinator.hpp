#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "stagger/coordinator_options.hpp"
#include "stagger/coordinator_status.hpp"
#include "stagger/hints.hpp"
#include "stagger/priority.hpp"
#include "stagger/refusal_history.hpp"
#include "stagger/remembered_limits.hpp"
#include "stagger/time.hpp"
#include "stagger/token_usage.hpp"
#include "stagger/wait_reason.hpp"

namespace stagger {

/// A task in the waiting line.
enum class task_id : std::uint64_t {};
/// An admitted attempt whose outcome has not been reported yet.
enum class permit_id : std::uint64_t {};

/// Why a task comes back to the line.
enum class retry_cause : std::uint8_t {
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
    /// @throws std::invalid_argument as cost::validate does
    /// @param alike which tasks it is to be compared with, see `resubmit`
    /// @param in its class: where others wait as well, classes take turns as 16 : 4 : 1
    task_id submit(time_point now, const cost& what, time_point deadline = never, task_kind alike = {},
                   priority in = priority::normal);
    /** @brief A further attempt rejoins at the front, before all classes, but does not go before
     * `not_before`.
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
