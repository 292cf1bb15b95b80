#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "dialect/dialect.hpp"
#include "request/accidents.hpp"
#include "request/request_rules.hpp"
#include "stagger/admission.hpp"
#include "stagger/retry_session.hpp"

namespace stagger::detail {

/// What whoever carries out a request does next. Each names the event that answers it.
enum class request_step : std::uint8_t {
    nothing,        ///< waits for the event that is on its way
    announce,       ///< an attempt is wanted: tells whoever watches; `announced`
    ask_to_pass,    ///< asks whether such requests are sent at all: `passed`, `held` or `turned_away`
    choose_route,   ///< finds where the attempt goes, if there are several routes: `routed`
    stop_choosing,  ///< gives up looking for that: `routed` with errc::cancelled
    stand_in_line,  ///< asks that route's gate for leave to send, by `wanted`: `left_line`
    leave_line,     ///< gives up its place there; the same event comes
    stop_holding,   ///< it is `held` no longer: `passed`
    admit,          ///< has leave to send an attempt: tells whoever watches; `admitted`
    connect,        ///< takes a place for one exchange, by `attempt().limit`: `connected` or `attempt_ended`
    exchange,       ///< sends it and reads the answer, by the same limit: `attempt_ended`
    break_off,      ///< what the attempt waits for is to end with errc::cancelled; the same event comes
    abandon,        ///< nothing is under way any more: `attempt_ended` with errc::cancelled
    report,         ///< tells the gate what `told_to_gate` says: `reported`
    hand_over,      ///< the beginning of a stream has come: the rest is its reader's
    end,            ///< tells the caller `result`
};

/// How an attempt ended, as a gate is told.
enum class gate_report : std::uint8_t {
    refused,    ///< by a limit
    admitted,   ///< and has ended
    answering,  ///< admitted, and its answer goes on
    untold,     ///< nothing is known of a limit
    abandoned,  ///< its caller had no use for it any more
};

/** @brief One request from the call to its end: decides what happens next, and does none of it.
 *
 * Every event returns the step that follows from it. The machine has no clock, no socket and no randomness of
 * its own; times are passed in, and never go back. An event that does not fit the state changes nothing.
 *
 * Whatever a function of the retry policy throws while an attempt begins comes out of the event, and `broke`
 * is what to tell the machine then. What they throw once it has ended is kept until the gate was told, and
 * ends the request.
 */
class request_machine {
 public:
    /// @param context outlives the machine
    request_machine(request_context& context, time_point now);

    /// What it costs the limits, which requests are its like, and its class.
    void describe(const cost& what, std::uint64_t alike, priority in = priority::normal) {
        cost_ = what;
        alike_ = alike;
        class_ = in;
    }

    /// From its call on, in place of what the client's rules say; zero: no deadline.
    void end_within(duration longest);

    request_step begin(time_point now);
    request_step announced();
    /// @param chosen to pass although its like are held
    request_step passed(bool chosen);
    request_step held();
    request_step turned_away();
    /// Where the next attempt goes is known, or none was found in time.
    /// @param elsewhere not where the last attempt went: neither its pause nor its refusals count there
    request_step routed(const error_code& error, bool elsewhere, time_point now);
    /// @param leave whether it was given
    /// @param some_are_held whether it has to be asked again if it may pass
    request_step left_line(const error_code& error, bool leave, bool some_are_held, time_point now);
    request_step admitted(time_point now);
    request_step connected(time_point now);
    /// @param ended what it came to; gets what is known of the whole request, and is kept for `reported`
    request_step attempt_ended(wire::decoded_answer& ended, time_point now);
    /// The first event of a streamed answer has come, behind the head of a success: the rest follows.
    request_step stream_begins(wire::decoded_answer& head, time_point now);
    /// @param earliest that the gate allows another attempt
    request_step reported(wire::decoded_answer& ended, time_point earliest, time_point now);

    /// The caller wants no answer any more, or the client is closed. At any time.
    request_step stop(errc why);
    /// Its like are held from now on: it is not to stand in the line.
    request_step step_aside();
    /// The route that it stands in line for will not take it, and another one may.
    request_step reroute();
    /// Something that a step was about to do could not be done, and nothing is under way. At any time.
    request_step broke(const error_code& error, std::string message, std::exception_ptr thrown);
    /// Fills in what is known of the whole request where no attempt has just ended.
    void describe_end(diagnostic& info);

    /// An attempt, from the leave to send it to its end.
    struct attempt_state {
        time_point sent_at;      ///< until a connection is there, when it began
        time_point limit;        ///< for its end
        prompt_outcomes before;  ///< what had become of its like
    };
    /// How the last attempt ended.
    struct attempt_fate {
        error_code error;
        bool refused = false;              ///< by a limit
        std::optional<duration> again_in;  ///< until the next one; none: there is none
        std::optional<duration> hint_cut_to;
    };

    const attempt_state& attempt() const { return attempt_; }
    /// Of an attempt that was reported.
    /// @param info what is known of it
    attempt_fate fate(const diagnostic& info, const hints& said, time_point now) const;
    /// Of an attempt that another one follows: what it came to.
    const diagnostic& last() const { return *last_; }
    /// What is asked of the gate.
    admission wanted() const;
    gate_report told_to_gate() const { return told_; }
    /// Where that is `refused`: for the gate to bring up to date.
    refusal_history& refusals() { return *refused_; }
    error_code result() const { return result_; }

    time_point deadline() const { return deadline_; }
    /// When the wait for leave began, and until when it is no wait in the line.
    time_point joined() const { return line_.joined; }
    time_point not_before() const { return line_.not_before; }
    std::uint64_t alike() const { return alike_; }
    priority in_class() const { return class_; }
    bool is_retry() const { return progress_.attempts > 0; }
    bool is_chosen() const { return chosen_; }
    bool is_stopped() const { return progress_.stopped != errc{}; }
    bool has_ended() const { return state_ == state::ended; }
    void set_phase(request_phase phase) { phase_ = phase; }
    /// Counts an answer for its like; once, and of a stream when it has begun.
    void answered() {
        if (is_retry()) ++outcomes().answered;
    }
    std::vector<failed_try> take_tries() { return failed_ ? failed_->take() : std::vector<failed_try>(); }

 private:
    enum class state : std::uint8_t {
        not_begun,
        announcing,
        asking,
        held,
        choosing,
        in_line,
        beginning,
        connecting,
        exchanging,
        reporting,
        streaming,
        ended
    };

    request_step ask_for_attempt(time_point now);
    request_step admit();
    request_step ask_again(time_point now);
    request_step stop_waiting(const error_code& error, time_point now);
    request_step end(const error_code& error);
    request_step end_by(const std::exception_ptr& thrown, diagnostic& info);
    void note_progress(diagnostic& info) const;
    /// Of its like.
    prompt_outcomes& outcomes() { return context_.outcomes.of(alike_); }
    /// Notes an attempt that met an accident. True if the request is to be given up for it.
    bool fails_for_good(const wire::decoded_answer& ended, time_point now);
    /// Whether it is this prompt that the server refuses, not one too many.
    bool refused_for_good() const { return refused_ && refused_->own; }
    std::string explain_refusals(time_point now, const std::string& last) const;
    /// What follows, and sets what the next attempt waits for.
    retry_session::next plan_next(const wire::decoded_answer& ended, time_point earliest, time_point now);

    request_context& context_;
    cost cost_;
    std::uint64_t alike_ = 0;
    retry_session session_;
    time_point deadline_ = never;

    error_code result_;
    attempt_state attempt_{};
    /// Waiting for leave.
    struct line_state {
        time_point joined{};
        time_point not_before{};
    };
    line_state line_;
    // Small things together: many requests wait at once.
    retry_cause cause_ = retry_cause::throttled;
    bool has_leave_ = false;    // and asks once more whether it may pass
    bool steps_aside_ = false;  // leaves the line, to be held
    bool begins_anew_ = false;  // where it failed before was another route
    bool reroutes_ = false;     // leaves the line, to stand in another
    bool chosen_ = false;
    state state_ = state::not_begun;
    request_phase phase_ = request_phase::not_started;
    priority class_ = priority::normal;
    gate_report told_ = gate_report::untold;
    struct progress {
        errc stopped{};  // not zero: why the request is to end
        unsigned attempts = 0;
        unsigned rejections = 0;
        unsigned unreadable_answers = 0;
        duration queued{0};
    };
    progress progress_;
    std::unique_ptr<refusal_history> refused_;  // once it was
    std::unique_ptr<accidents> failed_;         // once an attempt met an accident
    // Of an attempt that failed, while the next one is waited for; or what a function of the policy threw
    // once one had ended, until that was reported.
    std::unique_ptr<diagnostic> last_;
};

}  // namespace stagger::detail
