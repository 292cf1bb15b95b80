#include "stagger/retry_session.hpp"

#include <algorithm>

namespace stagger {

retry_session::retry_session(const single_call_policy& policy, const backoff_policy& backoff, time_point now)
    : policy_(&policy), backoff_(&backoff), waiting_since_(now) {
    state_.started = now;
    if (policy.statistics()) *policy.statistics() = retry_statistics();
    record(false, false);
}

void retry_session::attempt_begins(time_point now) {
    in_attempt_ = true;
    ++state_.attempts;
    state_.elapsed = now - state_.started;
    state_.idle += now - waiting_since_;
    state_.next_wait = duration::zero();
    state_.outcome = nullptr;
    policy_->tell(retry_policy::moment::before, state_);
}

retry_session::step retry_session::attempt_ended(const attempt_result& result, const classification& judged,
                                                 time_point now, const pause& known, random_source& random) {
    using moment = retry_policy::moment;
    in_attempt_ = false;
    waiting_since_ = now;
    state_.elapsed = now - state_.started;
    state_.outcome = &result;
    state_.judged_before = state_.judged;
    state_.judged = judged;
    policy_->tell(moment::after, state_);
    if (known.last || !policy_->repeats(result, judged.verdict)) {
        return end(next::end, !result.failed() && judged.verdict == verdict::ok);
    }
    // Before the limits, since one of them is about the time at which the wait would end.
    time_point not_before = std::max(now, known.earliest);
    if (known.own_backoff) {
        state_.last_wait = backoff_->next(state_, random);
        not_before = std::max(not_before, saturating_add(now, state_.last_wait));
    }
    state_.next_wait = not_before - now;
    const bool stops = policy_->stops(state_);
    if (stops || known.too_late) {
        state_.next_wait = duration::zero();
        return end(stops ? next::stop : next::late, false);
    }
    record(false, false);
    policy_->tell(moment::before_sleep, state_);
    return {next::attempt, not_before};
}

void retry_session::cancelled(time_point now) {
    if (!in_attempt_) state_.idle += now - waiting_since_;
    state_.elapsed = now - state_.started;
    state_.outcome = nullptr;  // it may not live any more
    record(true, false);
}

retry_session::step retry_session::end(next what, bool succeeded) {
    record(true, succeeded);
    policy_->tell(succeeded ? retry_policy::moment::success : retry_policy::moment::give_up, state_);
    return {what, {}};
}

void retry_session::record(bool ended, bool succeeded) const {
    const auto& figures = policy_->statistics();
    if (!figures) return;
    figures->started = state_.started;
    figures->attempts = state_.attempts;
    figures->elapsed = state_.elapsed;
    figures->idle = state_.idle;
    if (state_.outcome) {
        figures->last_error = state_.outcome->error();
        figures->last_exception = state_.outcome->exception();
    }
    figures->ended = ended;
    figures->succeeded = succeeded;
}

}  // namespace stagger
