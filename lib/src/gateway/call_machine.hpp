#pragma once

#include <cstdint>
#include <string>

#include "gateway/client_habits.hpp"
#include "gateway/outlook.hpp"
#include "stagger/error.hpp"
#include "stagger/time.hpp"

namespace stagger::gateway {

/// What an operator says of the life of a call.
struct call_rules {
    duration deadline{0};  ///< from its arrival to the beginning of its answer; zero: none
    /// Until then most errors have shown, which keep their status before the head of a stream is sent.
    duration first_comment = std::chrono::seconds(15);
    duration between_signs = std::chrono::seconds(10);
    unsigned accidents = 2;  ///< after which a call that no answer has begun to is sent again
};

/// What whoever carries out a call does next.
enum class call_step : std::uint8_t {
    wait,          ///< for the next event, and looks at the clock at `next_look`
    join_line,     ///< takes a place in the fair line; `its_turn`
    ask_gate,      ///< asks the coordinator for leave until `start_limit`; `left_gate`
    send,          ///< sends it: `answering`, `refused` or `failed`
    pass_on,       ///< what upstream has answered is the answer
    begin_stream,  ///< sends the head of an event stream, and a comment
    comment,       ///< sends a comment
    rise,          ///< has waited for half of its time: goes over to the next class, if that is sooner
    interim,       ///< sends an answer of status 102
    give_up,       ///< tells the client `ending`
};

/// An answer of the gateway's own.
struct own_answer {
    unsigned status = 0;
    unsigned retry_after_s = 0;  ///< 0: none
    bool hopeless = false;       ///< the client had better not try again by itself
    bool quota = false;          ///< its budget is used up, in the words that clients know
    std::string message;
};

/** @brief One call from its arrival to its answer: decides what happens next, and does none of it.
 *
 * No clock, no socket. Nothing is sent upstream for a client that will not be there: the start of an answer
 * has to come as long before the client's limit as answers usually take.
 */
class call_machine {
 public:
    call_machine(const call_rules& rules, const client_habits& habits, time_point now);

    /// @param seen from the end of the line
    /// @param on_return the same from behind those who were told to come again: what a call that is turned
    /// away is told
    /// @param served what answers usually take
    call_step begin(const outlook& seen, const outlook& on_return, duration served, time_point now);
    /// Nobody was told to come again.
    call_step begin(const outlook& seen, duration served, time_point now) {
        return begin(seen, seen, served, now);
    }
    call_step its_turn(time_point now);
    /// @param error none: leave was given
    call_step left_gate(const error_code& error, time_point now);
    call_step answering();
    /// @param earliest that the coordinator allows another attempt
    /// @param own the request itself is what the server refuses
    call_step refused(time_point earliest, bool own, time_point now);
    /// No answer has begun. @param repeatable upstream cannot have begun to work on it
    call_step failed(const error_code& error, bool repeatable, time_point now);
    /// What the clock says.
    call_step look(time_point now);
    /// The gateway ends. What waits is turned away, what is sent goes on.
    call_step drain(time_point now);

    /// When the clock is to be looked at.
    time_point next_look() const;
    /// No attempt may begin after it.
    time_point start_limit() const;
    time_point not_before() const { return not_before_; }
    bool is_retry() const { return attempts_ > 0; }
    bool after_accident() const { return after_accident_; }
    unsigned attempts() const { return attempts_; }
    bool has_begun_stream() const { return has_begun_stream_; }
    /// Before each attempt so far, and before it gave up.
    duration queued() const { return queued_; }
    /// The same, and what it waits now.
    duration waited(time_point now) const { return waits() ? queued_ + (now - waiting_since_) : queued_; }
    /// Stands in the fair line or before the coordinator.
    bool waits() const { return state_ == state::in_line || state_ == state::at_gate; }
    const own_answer& ending() const { return ending_; }

 private:
    enum class state : std::uint8_t { arrived, in_line, at_gate, sending, passing, ended };

    /// When the client leaves.
    time_point client_limit() const;
    time_point own_limit() const;
    duration allowed_wait() const;
    call_step give_up(time_point now, unsigned status, unsigned retry_after_s, std::string message);
    call_step run_out_of_time(time_point now);
    call_step ask_again(time_point earliest, time_point now);
    time_point next_sign() const;
    time_point rises_at() const;

    const call_rules& rules_;
    const client_habits habits_;
    const time_point arrived_;
    duration reserve_{0};  // for the answer itself
    state state_ = state::arrived;
    time_point waiting_since_;
    duration queued_{0};
    time_point last_sign_;
    time_point not_before_{};
    unsigned attempts_ = 0;
    unsigned accidents_ = 0;
    bool after_accident_ = false;
    bool has_begun_stream_ = false;
    bool has_risen_ = false;
    own_answer ending_;
};

}  // namespace stagger::gateway
