#include "gateway/call_machine.hpp"

#include <algorithm>
#include <utility>

namespace stagger::gateway {

namespace {

// Long enough for another attempt not to meet what broke the last one.
constexpr duration accident_pause = std::chrono::milliseconds(250);

duration times(duration span, unsigned count) {
    return span > duration::max() / static_cast<duration::rep>(count) ? duration::max() : span * count;
}

}  // namespace

call_machine::call_machine(const call_rules& rules, const client_habits& habits, time_point now)
    : rules_(rules), habits_(habits), arrived_(now), waiting_since_(now), last_sign_(now) {}

time_point call_machine::client_limit() const {
    // Who is told that the call waits starts a timer of silence anew each time.
    const bool kept = habits_.kept_by != sign_of_life::none;
    const duration silence = kept ? duration::max() : habits_.patience;
    return saturating_add(arrived_, std::min(silence, habits_.longest));
}

time_point call_machine::own_limit() const {
    return rules_.deadline > duration::zero() ? saturating_add(arrived_, rules_.deadline) : never;
}

time_point call_machine::start_limit() const {
    const time_point theirs = client_limit();
    return std::min(theirs == never ? never : theirs - reserve_, own_limit());
}

duration call_machine::allowed_wait() const {
    const bool kept = habits_.kept_by != sign_of_life::none;
    const duration theirs =
        times(kept ? habits_.longest : std::min(habits_.patience, habits_.longest), habits_.attempts);
    return rules_.deadline > duration::zero() ? std::min(theirs, rules_.deadline) : theirs;
}

call_step call_machine::begin(const outlook& seen, const outlook& on_return, duration served,
                              time_point now) {
    // Half of a client's time is for waiting, however long answers take.
    reserve_ = std::min(served, std::min(habits_.patience, habits_.longest) / 2);
    const duration allowed = allowed_wait();
    if (seen.wait && *seen.wait > allowed) {
        ending_.hopeless = is_hopeless(seen, allowed);
        return give_up(now, 429, seconds_to_return(on_return, allowed),
                       "too many calls wait: " + to_text(seen) + ", longer than this client waits");
    }
    state_ = state::in_line;
    waiting_since_ = now;
    return call_step::join_line;
}

call_step call_machine::its_turn(time_point now) {
    if (state_ != state::in_line) return call_step::wait;
    if (start_limit() <= now) return run_out_of_time(now);
    state_ = state::at_gate;
    return call_step::ask_gate;
}

call_step call_machine::left_gate(const error_code& error, time_point now) {
    if (state_ != state::at_gate) return call_step::wait;
    if (error == errc::deadline_exceeded) return run_out_of_time(now);
    if (error) return drain(now);
    state_ = state::sending;
    queued_ += now - waiting_since_;
    ++attempts_;
    return call_step::send;
}

call_step call_machine::answering() {
    state_ = state::passing;
    return call_step::pass_on;
}

call_step call_machine::refused(time_point earliest, bool own, time_point now) {
    if (own) return answering();
    after_accident_ = false;
    return ask_again(earliest, now);
}

call_step call_machine::failed(const error_code& error, bool repeatable, time_point now) {
    if (repeatable && accidents_++ < rules_.accidents) {
        after_accident_ = true;
        return ask_again(now + accident_pause, now);
    }
    const bool late = error == condition::timed_out;
    return give_up(now, late ? 504 : 502, 0, "upstream: " + error.message());
}

call_step call_machine::ask_again(time_point earliest, time_point now) {
    not_before_ = earliest;
    if (start_limit() <= std::max(earliest, now)) return run_out_of_time(std::max(earliest, now));
    waiting_since_ = now;
    state_ = state::at_gate;
    return call_step::ask_gate;
}

call_step call_machine::run_out_of_time(time_point now) {
    if (own_limit() <= now) return give_up(now, 504, 0, "the call's deadline has passed while it waited");
    return give_up(now, 429, 1, "still waiting as this client's time ends; it keeps its place for a while");
}

call_step call_machine::drain(time_point now) {
    if (state_ != state::arrived && !waits()) return call_step::wait;
    return give_up(now, 503, 1, "shutting down");
}

call_step call_machine::give_up(time_point now, unsigned status, unsigned retry_after_s,
                                std::string message) {
    if (waits()) queued_ += now - waiting_since_;
    state_ = state::ended;
    ending_.status = status;
    ending_.retry_after_s = retry_after_s;
    ending_.message = std::move(message);
    return call_step::give_up;
}

time_point call_machine::next_sign() const {
    const bool tells = waits() || state_ == state::sending;
    if (!tells || habits_.kept_by == sign_of_life::none) return never;
    if (habits_.kept_by == sign_of_life::comments && !has_begun_stream_) {
        if (!waits()) return never;  // its head is on the way
        return arrived_ + std::min(rules_.first_comment, habits_.patience / 2);
    }
    return last_sign_ + std::min(rules_.between_signs, habits_.patience / 2);
}

/// Half of its time in line, where that has an end.
time_point call_machine::rises_at() const {
    if (state_ != state::in_line || has_risen_ || start_limit() == never) return never;
    return waiting_since_ + (start_limit() - waiting_since_) / 2;
}

time_point call_machine::next_look() const {
    const time_point limit = state_ == state::in_line ? start_limit() : never;
    return std::min({limit, next_sign(), rises_at()});
}

call_step call_machine::look(time_point now) {
    if (state_ == state::in_line && start_limit() <= now) return run_out_of_time(now);
    if (rises_at() <= now) {
        has_risen_ = true;
        return call_step::rise;
    }
    if (next_sign() > now) return call_step::wait;
    last_sign_ = now;
    if (habits_.kept_by == sign_of_life::interim) return call_step::interim;
    return std::exchange(has_begun_stream_, true) ? call_step::comment : call_step::begin_stream;
}

}  // namespace stagger::gateway
