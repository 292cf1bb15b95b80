#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "stagger/admission.hpp"
#include "stagger/coordinator.hpp"
#include "stagger/error.hpp"

namespace stagger {

namespace detail {
class gate_access;
class line_guest;
}  // namespace detail

class gate;

/** @brief Leave to send one attempt. Report how it ended; dropping it unreported counts as abandoned.
 *
 * @par Thread safety
 * Distinct objects: safe, also of one gate. Shared objects: unsafe.
 */
class permit {
 public:
    permit() = default;
    permit(permit&& other) noexcept = default;
    permit& operator=(permit&& other) noexcept;
    ~permit() {
        if (owner_) abandon();
    }

    /// True until a report is made that ends the attempt. Where it is false, a report does nothing.
    explicit operator bool() const { return static_cast<bool>(owner_); }
    /// What the wait was for. All zero unless the gate explains waits (`gate::explain_waits`).
    waiting_times waited() const { return waited_ ? *waited_ : waiting_times(); }

    /// The head of a success has come: the server admitted the attempt. The place in flight stays taken until
    /// a further report, of whatever kind, or until the permit is dropped.
    void answering(const hints& said = {});
    /// The server admitted the attempt: a success, or an error that no limit caused. Told what it `used`, the
    /// token budget charges that instead of its estimate.
    void accepted(const hints& said = {}, const token_usage& used = {});
    /// The server refused the attempt. Returns when this very request may go again at the earliest.
    time_point throttled(const hints& said = {});
    /// The same for a task whose refusals are remembered. `of_task` is brought up to date; its `own` then
    /// says whether the task is to end, otherwise `admission::refused` takes it along.
    time_point throttled(const hints& said, refusal_history& of_task);
    /// The attempt failed without telling anything about the limit.
    void failed();

 private:
    friend class gate;
    struct gate_state;
    permit(std::shared_ptr<gate_state> owner, permit_id id) : owner_(std::move(owner)), id_(id) {}
    void abandon();

    std::shared_ptr<gate_state> owner_;
    permit_id id_{};
    std::unique_ptr<const waiting_times> waited_;
};

/** @brief One waiting line and one timer in front of one server: a coordinator that tasks can wait for.
 *
 * Copies share one state, as handles do.
 *
 * @par Thread safety
 * Safe: any thread may call any member.
 * @par Object lifetimes
 * Outstanding waits and permits keep the state alive. They, and the gate, may outlive the execution context:
 * the gate is closed then, without an executor, and what it has learned can still be read. Of a gate that was
 * moved from, every member throws std::logic_error.
 */
class gate {
 public:
    using admit_signature = void(error_code, permit);

    /// @param seed of the jitter; 0: taken from the system
    /// @throws std::invalid_argument if the options contradict each other (`coordinator`), or if the executor
    /// is
    ///         empty
    gate(boost::asio::any_io_executor executor, const coordinator_options& options, std::uint64_t seed = 0);

    /** @brief Waits in line for leave to send one attempt.
     *
     * @par Handler signature
     * `void(error_code, permit)`
     * @par Executor
     * The handler's associated executor, else the gate's. Never inline.
     * @par Per-operation cancellation
     * All types, without side effect: the place in line is given up. Ends with errc::cancelled.
     * @par Errors
     * errc::cancelled, errc::deadline_exceeded, errc::shut_down.
     */
    template <boost::asio::completion_token_for<admit_signature> CompletionToken = boost::asio::deferred_t>
    auto async_admit(const admission& what, CompletionToken&& token = CompletionToken()) {
        return boost::asio::async_initiate<CompletionToken, admit_signature>(initiate_admit{state_}, token,
                                                                             what);
    }

    /// Work that is known to come beside what waits, in requests: lets the last of it finish early.
    void expect(std::size_t further_requests);
    coordinator_status status() const;
    /// The same as `coordinator_status::kind_refused`, for less.
    std::size_t kind_refused() const;
    /// What the next run can start from, with the date; nothing as long as nothing was measured.
    std::optional<remembered_limits> learned() const;
    /// How it stands to the fleet that shares its limit; `is_member` is false where there is none.
    fleet_state fleet() const;
    /// The limit may have risen: tests it once. For coordinator_options::probing(0), which does not by
    /// itself.
    void probe_again();
    /// From now on a permit says what the wait for it was for, also one that comes with an error. Costs 100
    /// bytes or so for each waiting task.
    void explain_waits();
    const coordinator_options& options() const;
    boost::asio::any_io_executor get_executor() const;

    /// Ends every wait with errc::shut_down; later ones end so at once. Permits stay valid.
    void close();

 private:
    using state = permit::gate_state;
    friend struct permit::gate_state;
    struct initiate_admit {
        std::shared_ptr<state> target;
        template <class Handler>
        void operator()(Handler&& handler, const admission& what) const {
            gate::start_admit(target, what, std::forward<Handler>(handler));
        }
    };
    static void start_admit(const std::shared_ptr<state>& target, const admission& what,
                            boost::asio::any_completion_handler<admit_signature> handler);

    friend class detail::gate_access;
    struct joined {
        std::optional<task_id> waits;
        error_code error;
        permit leave;
        time_point at;  ///< when that was so
    };
    joined join(const admission& what, std::shared_ptr<detail::line_guest> who) const;
    permit lent_to(const boost::asio::any_completion_executor& of_handler) const;
    void leave(task_id task) const;

    /// @throws std::logic_error if it was moved from
    static state& checked(const std::shared_ptr<state>& used);
    state& checked() const { return checked(state_); }

    std::shared_ptr<state> state_;
};

}  // namespace stagger
