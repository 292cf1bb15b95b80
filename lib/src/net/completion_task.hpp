#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "dialect/dialect.hpp"
#include "http/complete_later.hpp"
#include "http/io_types.hpp"
#include "http/out_of_memory.hpp"
#include "net/attempt_trace.hpp"
#include "net/client_state.hpp"
#include "net/line_guest.hpp"
#include "net/running_operation.hpp"
#include "retry/own_failures.hpp"
#include "stagger/client.hpp"
#include "stagger/retry_session.hpp"

namespace stagger::detail {

/** @brief One request from the call to its end: admitted, sent, tried again, reported once.
 *
 * What is made of a head with success, and to whom the end is told, is for those that derive from it. Runs on
 * its client's strand; `start` may be called from any thread.
 */
class completion_task : public std::enable_shared_from_this<completion_task>,
                        public running_operation,
                        private line_guest,
                        private connection_user {
 public:
    ~completion_task() override = default;

    /// On the strand: ends the request with `why`, wherever it is.
    void stop(errc why) override;
    void context_ends() noexcept override;
    void leave_to_parent() noexcept override {
        if (leased_) leased_->leave_to_parent();
    }
    /// On the strand: whoever stands in line though his kind is held makes room.
    void step_aside() override;

 protected:
    /// What a handler runs on, as executor_of_handler has it.
    template <class Handler>
    static boost::asio::any_completion_executor executor_for(const Handler& handler,
                                                             const client_state& client, bool at_home) {
        if (at_home) return {};
        return executor_of_handler(boost::asio::get_associated_executor(handler, client.completion_executor),
                                   client.executor);
    }
    /// @param handler_executor from executor_for
    completion_task(std::shared_ptr<client_state> client,
                    boost::asio::any_completion_executor handler_executor);
    void start(const completion_request& request, wire::delivery how,
               boost::asio::cancellation_slot cancelled);

    /// The head has come. True: it is all that is needed here, and `ended` is what it says.
    virtual bool ends_with_head(connection_pool::lease&, wire::decoded_answer&) { return false; }
    /// The server admitted the attempt.
    virtual void accept(permit&& leave, const hints& said, const token_usage& used) {
        leave.accepted(said, used);
    }
    /// The head has come, and whoever is told of it receives the rest: the attempt ends there, not here.
    virtual bool answer_goes_on() const { return false; }
    /// Whether an attempt that ended like this may be followed by another one.
    virtual bool may_go_again(const wire::decoded_answer&) const { return true; }
    /// Tells the caller, later than this call.
    virtual void deliver(const boost::asio::any_completion_executor& handler_executor, error_code error,
                         completion&& result) = 0;

    client_state& client() { return *client_; }
    const std::shared_ptr<client_state>& shared_client() const { return client_; }
    time_point deadline() const { return deadline_; }
    time_point sent_at() const { return sent_at_; }
    attempt_trace& trace() { return trace_; }
    void set_phase(request_phase phase) { progress_.phase = phase; }

 private:
    void listen_for_cancellation(boost::asio::cancellation_slot cancelled);
    void begin();
    /// Waits for leave to send, and goes on to `leave_line`.
    void join_line(const admission& what);
    /// The same past the turnstile.
    void stand_in_line(const admission& what);
    /// False where the turnstile lets it wait, or ends it.
    bool may_pass(const admission& what);
    /// As a task that stood in line before, and left it for nothing.
    admission once_more(time_point now) const;
    void leave_line(const error_code& error, permit leave) override;
    /// @param now as it has just been read
    void begin_or_end(const error_code& error, permit leave, time_point now);
    void end_in_line(error_code error);
    // One attempt: connected, sent, answered. Each step leads to the next one or to `end_attempt`.
    void begin_attempt(time_point now);
    class opening_end;
    /// No connection is idle: waits for one, or opens one.
    void connect();
    io_awaitable<error_code> acquire();
    void on_connected(const error_code& error);
    void on_sent(const error_code& error) override;
    void await_answer();
    void on_read(const error_code& error) override;
    void take(const error_code& error);
    /// What a step throws ends the request: whoever runs the context is not to blame, and the caller waits.
    template <class Step>
    void guard(Step step) {
        try {
            step();
        } catch (const std::bad_alloc&) {
            run_out_of_memory();
        } catch (...) {
            end_by(std::current_exception());
        }
    }
    void run_out_of_memory() { break_down(out_of_memory(), out_of_memory().message(), nullptr); }
    /// A function of the program's own has thrown.
    void end_by(const std::exception_ptr& thrown);
    /// In the middle of a step.
    void break_down(error_code error, std::string message, std::exception_ptr thrown);
    /// After an attempt that has ended.
    void end_by(const std::exception_ptr& thrown, completion&& result);
    /// The attempt has failed before its answer was whole.
    void break_off(const error_code& error);
    void end_attempt(wire::decoded_answer&& ended);
    /// What is asked of the gate for any attempt.
    admission to_send() const;
    /// The same for all requests to one model with one key.
    std::uint64_t alike() const;
    /// Notes an attempt that met an accident. True if the request is to be given up for it.
    bool fails_for_good(const wire::decoded_answer& ended, time_point now);
    void explain_failures(diagnostic& info) const;
    /// Tells the gate how the attempt ended; the earliest time for another one.
    time_point report(const wire::decoded_answer& ended, time_point now);
    /// As attempt_events::done has it.
    std::optional<duration> hint_cut_to(const wire::decoded_answer& ended) const;
    /// Whether it is this prompt that the server refuses, not one too many.
    bool refused_for_good() const { return refused_ && refused_->own; }
    /// Why that is known, in front of the server's own words.
    void explain_refusals(diagnostic& info) const;
    /// What follows, and the admission of the next attempt if one does.
    retry_session::next plan_next(const wire::decoded_answer& ended, time_point now, time_point earliest,
                                  admission& next);
    /// Fills in what the request has come to, beside what the last attempt left there.
    void note_progress(diagnostic& info) const;
    /// Ends the request before it has begun.
    void refuse(error_code error);
    void finish(error_code error, completion&& result);

    std::shared_ptr<client_state> client_;
    // Tracked: keeps its context running. Null where that is the client's own.
    std::unique_ptr<const boost::asio::any_completion_executor> handler_executor_;
    boost::asio::cancellation_signal signal_;
    errc stopped_{};  // not zero: why the request is to end

    std::optional<task_id> place_;  // in the gate's line
    time_point joined_;             // the line
    time_point not_before_;         // the next attempt is wanted

    // Of the attempt that runs.
    permit leave_;
    connection_pool::lease leased_;
    time_point sent_at_;  // until a connection is there, when the attempt began
    time_point attempt_limit_;
    bool exchanging_ = false;  // the connection is what has to be told of a cancellation
    bool head_came_ = false;
    bool steps_aside_ = false;  // leaves the line for the turnstile
    bool chosen_ = false;       // to pass the turnstile although its kind is held
    bool ended_ = false;        // the request: its caller has been, or is being told

    wire::encoded_request request_;
    wire::delivery how_ = wire::delivery::whole;
    stagger::cost cost_;
    time_point started_;
    time_point deadline_;
    retry_session session_;
    struct progress {
        request_phase phase = request_phase::not_started;
        unsigned attempts = 0;
        unsigned rejections = 0;
        unsigned unreadable_answers = 0;
        duration queued{0};
    };
    progress progress_;
    std::unique_ptr<refusal_history> refused_;  // once it was
    struct failures {
        failure_history history;
        std::vector<failed_try> tries;
    };
    std::unique_ptr<failures> failed_;     // once an attempt met an accident
    prompt_outcomes* outcomes_ = nullptr;  // of its like, once it was sent
    prompt_outcomes before_;               // the same when the attempt that runs was sent
    std::unique_ptr<diagnostic> last_;     // of an attempt that failed, while the next one is waited for
    attempt_trace trace_;
};

}  // namespace stagger::detail
