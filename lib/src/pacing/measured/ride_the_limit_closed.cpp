// The closed half of ride_the_limit: what closes, what the probes do, and how it goes on afterwards.

#include <algorithm>

#include "pacing/measured/ride_the_limit.hpp"

namespace stagger {

namespace {

// Fewer in a row happen at a limit that is open, when the pace is above it.
constexpr unsigned rejections_to_close = 5;
constexpr double longest_expected = 0.25;  // of a window
constexpr seconds shortest_span{0.001};

}  // namespace

bool ride_the_limit::shuts(const departure& rejected, const rejected_run& run) const {
    if (lockout_.confirmed()) return true;
    // Where a quota ends at its usual number, one refusal says it.
    if (turns_.windows() > 0 && windows_.used_up_by(log_.admitted_since(opened_))) return true;
    const seconds three_slots = measured_ ? seconds(3 / *measured_) : seconds(0);
    return run.length >= rejections_to_close &&
           rejected.at - run.since >= std::max(2 * rtt_.mean(), three_slots);
}

bool ride_the_limit::long_wait_announced(time_point now) const {
    if (gate_.opens_at() <= now) return false;
    return gate_.opens_at() - now > std::max(4 * rtt_.mean(), seconds(3 / measured_or_base()));
}

void ride_the_limit::close(time_point now, time_point since, double rate_at_rejection) {
    windows_.closing(mode_ == mode::ride && !provisional_ ? measured_ : std::nullopt);
    mode_before_closing_ = mode_ == mode::ramp ? mode::search : mode_;
    rate_before_closing_ = rate_at_rejection;
    closed_by_failures_ = false;
    held_ = doubt_ && rate_at_rejection > measured_ ? std::optional(climb_.rate_before_step()) : std::nullopt;
    doubt_.reset();
    // The closed time explains its refusals.
    for (send_number each = log_.size(); each-- > 0 && log_.remembers(each) && log_[each].sent.at >= since;) {
        if (log_[each].result == outcome::rejected) response_.explained(log_[each].rate_per_s);
    }
    presumed_.reset();
    const seconds slot = measured_ ? std::min(seconds(1), seconds(1 / *measured_))
                                   : std::min(seconds(0.02), seconds(1 / climb_.base()));
    phase_.emplace(since, now, log_.size(), std::max(rtt_.mean(), slot));
    mode_ = mode::closed;
    const time_point gate = gate_.opens_at();
    const bool announced = gate > after(now, 4 * rtt_.mean());
    if (announced) {
        phase_->announced(gate, lockout_.suspected() ? std::nullopt : gate_.trial_at(now, rtt_.mean()));
    } else if (lockout_.suspected()) {
        phase_->reset_gap(1.1 * lockout_.silence());
    }
    phase_->schedule(now, random_);
    // The next window begins where this one ends.
    if (!announced && !lockout_.suspected() && windows_.used_up_by(log_.admitted_since(opened_) + 1)) {
        const seconds window = windows_.shortest_span();
        const auto turn = turns_.is_to_be_checked() ? std::nullopt : turns_.next();
        const time_point end = turn ? turn->to : after(opened_.at, window);
        // The rest of a window that was nearly spread out. A longer wait would never notice that windows have
        // become shorter.
        if (end - now <= longest_expected * window) phase_->expect_end(end);
    }
}

bool ride_the_limit::is_probe(const departure& sent) const {
    return phase_->probe_out() && phase_->out()->sent.number == sent.number;
}

time_point ride_the_limit::probe_is_certain_at() const {
    // A failing server answers when it fails, which may take longer than a rejection.
    const seconds failure = closed_by_failures_ ? failures_.presumed_working() : seconds(0);
    return after(phase_->out()->sent.at, std::max(failure, rtt_.presumed_admitted()));
}

void ride_the_limit::probe_rejected(time_point now) {
    const closed_phase::probe failed = *phase_->out();
    if (failed.trial) {
        gate_.trial_failed();
        // Only an end that was moved further into the future is a punishment.
        const seconds knocked_after = failed.sent.at - phase_->since();
        const bool announced_anew = gate_.opens_at() > std::max(now, *phase_->announced_end());
        if (knocked_after >= seconds(0.9) && announced_anew) {
            const seconds moved_by = gate_.opens_at() - *phase_->announced_end();
            if (moved_by > 0.5 * knocked_after) lockout_.impatience_punished(gate_.opens_at() - now);
        }
    } else {
        lockout_.probe_rejected(*phase_, failed);
    }
    if (!failed.trial && !gate_.is_end()) phase_->distrust(gate_.told());
    phase_->rejected(now, rtt_.mean(), lockout_.possible());
    phase_->schedule(now, random_);
}

void ride_the_limit::note_failure_while_closed(time_point now, const departure& sent) {
    if (!is_probe(sent)) return;
    if (closed_by_failures_) {
        phase_->rejected(now, rtt_.mean(), false);
    } else {
        phase_->call_back();
    }
    phase_->schedule(now, random_);
}

void ride_the_limit::admitted_while_closed(time_point now, const departure& sent) {
    if (sent.number >= phase_->first_send()) return probe_admitted(now, sent);
    phase_->note_completion(now);
    if (!lockout_.suspected() || sent.at <= phase_->since()) return;
    // Sent after the rejection and admitted: nobody is locked out, so there is no silence to keep.
    lockout_.admitted_while_closed();
    phase_->reset_gap(rtt_.mean());
    if (!phase_->probe_out()) phase_->schedule(now, random_);
}

void ride_the_limit::probe_admitted(time_point now, const departure& probe) {
    if (closed_by_failures_) {  // says nothing about the limit: on as before
        mode_ = mode_before_closing_;
        failures_.ended();
        pacer_.skip_slot(now, rate(now));
        return climb_.restart(now, log_);
    }
    const std::optional<time_point> announced = phase_->announced_end();
    if (announced && probe.at < gate_.opens_at()) return refute_hint(now);

    presumed_ = presumption{probe, opened_, ever_opened_, windows_};
    const open_run before{log_.admitted_between(opened_, probe),
                          std::max(shortest_span, seconds(phase_->since() - opened_.at))};
    constexpr double nothing = 2;  // nor were those that are not decided yet
    if (!ever_opened_ && before.admitted <= nothing) return begin_anew(now, probe);
    if (by_share_) return reopen_behind_chance(now, probe);
    if (is_probe(probe)) lockout_.probe_admitted(*phase_, *phase_->out(), before);
    if (const auto rate = lockout_.rate_after(before)) return reopen_after_lockout(now, probe, before, *rate);
    reopen_after_window(now, probe);
}

/// Nothing was admitted before, so nothing has been measured.
void ride_the_limit::begin_anew(time_point now, const departure& probe) {
    opened_ = probe;
    ever_opened_ = true;
    estimator_.forget_before(probe.number);
    response_.forget();
    mode_ = measured_ ? mode::ride : mode::ramp;
    climb_.begin_ramp();
    cut(now, measured_.value_or(climb_.initial()));
}

void ride_the_limit::reopen_behind_chance(time_point now, const departure& probe) {
    opened_ = probe;
    ever_opened_ = true;
    hold_share(now, by_share_->per_s(), held_by_share_);
}

/// A short closed time behind the first growth. What was admitted before the first refusal had been saved;
/// only what came since measures.
bool ride_the_limit::reopens_in_growth(time_point now, const departure& probe) {
    const departure* first = log_.onset_before(probe.number);
    if (!first) return false;
    while (const departure* before = log_.onset_before(first->number)) first = before;
    const double admitted = log_.admitted_between(*first, probe) + 1;
    opened_ = probe;
    ever_opened_ = true;
    measured_.reset();
    provisional_ = false;
    mode_ = mode::search;
    cut(now, (admitted + 1) / std::max(shortest_span, seconds(probe.at - first->at)).count());
    return true;
}

void ride_the_limit::reopen_after_lockout(time_point now, const departure& probe, const open_run& before,
                                          double rate) {
    constexpr double below_the_rejected = 0.97;
    // What was admitted, closed time included, is proven.
    const double proven =
        std::max(held_.value_or(0), (before.admitted + 1) / seconds(probe.at - opened_.at).count());
    measured_ = std::min(std::max(rate, proven), below_the_rejected * rate_before_closing_);
    provisional_ = true;
    rate_is_remembered_ = false;
    opened_ = probe;
    ever_opened_ = true;
    mode_ = mode::ride;
    estimator_.forget_before(log_.size());
    cut(now, *measured_);
}

/// A window that turned, where the same quota was used up in it as in the one before.
void ride_the_limit::note_turn(const departure& probe, const window_learner::cycle& done) {
    // A limit that admits evenly does not stay closed for so many slots.
    constexpr double telling_slots = 3;
    const bool stayed_closed = done.closed.count() * rate_before_closing_ >= telling_slots;
    const bool again = window_learner::is_whole(done) && !done.first && windows_.used_up_by(done.admitted);
    const time_point refused =
        phase_->any_probe_rejected() ? std::max(phase_->last_rejected(), phase_->since()) : phase_->since();
    turns_.turned({refused, probe.at}, again && (stayed_closed || turns_.windows() > 1));
}

void ride_the_limit::reopen_after_window(time_point now, const departure& probe) {
    time_point last_known_closed = std::max(phase_->last_rejected(), phase_->since());
    if (!phase_->any_probe_rejected() && !phase_->announced_end()) {
        last_known_closed = probe.at;      // after a silence that was kept on purpose: nobody knows better
    } else if (phase_->announced_end()) {  // the hint held: closed until then
        const time_point held = std::min(gate_.opens_at(), probe.at);
        const bool still_announced = held > phase_->since();
        if (still_announced) last_known_closed = std::max(last_known_closed, after(held, -rtt_.mean()));
    }
    window_learner::cycle done;
    done.admitted = log_.admitted_between(opened_, probe) + 1;
    done.span = std::max(shortest_span, seconds(last_known_closed - opened_.at));
    done.closed = last_known_closed - phase_->since();
    done.first = !ever_opened_;
    const bool in_growth =
        done.first && !window_learner::is_window_like(done) && !phase_->opened_by_completion();
    if (in_growth && reopens_in_growth(now, probe)) return;
    const bool whole = window_learner::is_whole(done);
    note_turn(probe, done);
    measured_ = windows_.reopened(done, measured_or_base());
    if (whole && turns_.windows() > 0 && windows_.quota()) {
        const double most = std::max(*windows_.quota(), done.admitted);
        measured_ = std::min(*measured_, most / std::max(shortest_span, turns_.least_length()).count());
    }
    rate_is_remembered_ = false;
    const send_number last_rejected = log_.mark_onset_before(probe.number);
    if (window_learner::is_window_like(done)) {
        estimator_.measure_from(probe);  // no window admits while it is closed
    } else {
        estimator_.forget_before(last_rejected);
    }
    if (whole) {
        provisional_ = !ever_opened_;
        opened_ = probe;
        opened_.at = last_known_closed;
        ever_opened_ = true;
    }
    mode_ = mode::ride;
    // A window's rest would lapse at its end.
    constexpr double over_window_rate = 1.03;
    const bool tested = whole && testing_.allowed();
    const double above = !tested ? 1 : windows_.quota() ? over_window_rate : 1 + probing_;
    if (!provisional_) testing_.measured();
    cut(now, *measured_ * above);
    pacer_.restart(now);
    finish_in_this_window();
}

bool ride_the_limit::was_presumed_admitted(time_point now, const departure& rejected) const {
    const seconds still_possible = 20 * rtt_.mean() + seconds(1);
    return !closed() && presumed_ && presumed_->probe.number == rejected.number &&
           now - rejected.at < still_possible;
}

void ride_the_limit::close_again() {
    opened_ = presumed_->opened_before;
    ever_opened_ = presumed_->ever_opened_before;
    windows_ = presumed_->windows_before;
    presumed_.reset();
    mode_ = mode::closed;
}

void ride_the_limit::refute_hint(time_point now) {
    const bool announced = closed() && phase_->announced_end();
    gate_.refute(now);
    if (!announced) return;
    if (phase_->probe_out()) hint_refuted_by_ = phase_->out()->sent.number;
    phase_->call_back();
    mode_ = mode_before_closing_;
    pacer_.skip_slot(now, rate(now));
    climb_.restart(now, log_);
}

}  // namespace stagger
