#include "core/ride_the_limit.hpp"

#include <algorithm>
#include <cmath>

namespace stagger {

namespace {

constexpr std::uint64_t slot_stream = 0x736c6f7473000000u;

constexpr unsigned rejections_to_close = 5;
constexpr unsigned failures_to_close = 10;
// A growth this far above its base has mixed several rates, so nothing measured across it means anything.
constexpr double large_growth = 0.25;

}  // namespace

ride_the_limit::ride_the_limit(const coordinator_options& options, std::uint64_t seed)
    : probing_(options.probing()),
      random_(seed),
      pacer_(random_source(seed ^ slot_stream)),
      budget_(options),
      estimator_(options.probing()),
      climb_(options.probing(), budget_.limits_requests() ? budget_.requests_per_s() : options.initial_rate(),
             budget_.limits_requests()),
      concurrency_(options.probing()) {
    if (budget_.limits_requests()) {
        mode_ = mode::ride;
        measured_ = budget_.requests_per_s();
        provisional_ = true;
    }
}

// ---- questions

double ride_the_limit::rate(time_point now) const {
    double result = climb_.rate();
    if (concurrency_.limits()) {
        // The window governs; the pace only keeps its refilling from being a burst.
        result =
            std::max(1.0, 2 * concurrency_.window() / std::max(1e-3, service_.value_or(seconds(1)).count()));
    } else if (!closed() && log_.size() > 0) {
        result = headers_.rate(now, log_, rtt_.mean(), backlog_).value_or(result);
    }
    constexpr double slowest = 1.0 / 60;
    constexpr double fastest = 1e6;
    return std::clamp(result, slowest, std::min(fastest, budget_.requests_per_s()));
}

opening ride_the_limit::next_opening(time_point now, std::size_t backlog) {
    backlog_ = static_cast<double>(backlog);
    tick(now);
    if (concurrency_.limits() && in_flight_ >= concurrency_.window()) return {never, wait_reason::in_flight};
    if (closed()) {
        if (!phase_->probe_out()) return {phase_->next_probe(gate_.opens_at()), wait_reason::closed};
        const seconds certain = closed_by_failures_ ? std::max(2 * slowest_failure_, rtt_.presumed_admitted())
                                                    : rtt_.presumed_admitted();
        return {after(phase_->out()->sent.at, certain), wait_reason::closed};
    }
    opening next{std::max(pacer_.next_slot(), budget_.next_slot()), wait_reason::pace};
    time_point announced = gate_.opens_at();
    if (!concurrency_.limits() && log_.size() > 0) {
        announced = std::max(announced, headers_.opens_at(now, log_, rtt_.mean()));
    }
    if (announced > next.at) next = {announced, wait_reason::retry_after};
    return next;
}

void ride_the_limit::describe(time_point now, coordinator_status& status) const {
    status.mode = mode_;
    status.pace_per_s = rate(now);
    if (!provisional_) status.measured_per_s = measured_;
    if (concurrency_.limits()) status.measured_window = static_cast<unsigned>(concurrency_.window());
}

// ---- events

void ride_the_limit::tick(time_point now) {
    if (log_.size() == 0) return;
    switch (mode_) {
        case mode::closed: {
            if (!phase_->probe_out()) return;
            const departure probe = phase_->out()->sent;
            const seconds certain = closed_by_failures_
                                        ? std::max(2 * slowest_failure_, rtt_.presumed_admitted())
                                        : rtt_.presumed_admitted();
            if (now >= after(probe.at, certain)) probe_admitted(now, probe);
            return;
        }
        case mode::ramp:
            return climb_.ramp(now, log_, rtt_);
        case mode::search:
            return climb_.search(now, log_, rtt_);
        case mode::ride: {
            if (climb_.rate() >= budget_.requests_per_s()) return;
            // Behind a lockout a rejection costs all that would be admitted meanwhile.
            const double price =
                lockout_.confirmed() ? 1 + lockout_.silence().count() * measured_.value_or(0) : 1;
            return climb_.ride(now, log_, rtt_, price);
        }
    }
}

departure ride_the_limit::on_send(time_point now, const cost& what) {
    if (log_.size() == 0) climb_.restart(now, log_);
    const double pace = rate(now);
    const seconds silence = log_.size() > 0 ? seconds(now - log_.last().sent.at) : seconds(0);
    // Held back by the pace: it went within a slot of when it could.
    const bool paced = seconds(now - pacer_.next_slot()) < seconds(1 / pace) + pacer::timer_slack &&
                       pacer_.next_slot() >= budget_.next_slot();
    pacer_.sent(now, what.requests, pace);
    budget_.sent(now, what);
    const departure sent = log_.add(now, what.requests, pace, ++in_flight_, paced);
    if (sent.number == 0) opened_ = sent;
    if (closed()) phase_->sent(sent, silence);
    return sent;
}

void ride_the_limit::settle(time_point now, const departure& sent, outcome result) {
    --in_flight_;
    log_.settle(sent, result, now);
    if (result == outcome::accepted || result == outcome::rejected) failures_in_a_row_ = 0;
}

void ride_the_limit::on_accepted(time_point now, const departure& sent, const hints& said) {
    settle(now, sent, outcome::accepted);
    constexpr double weight = 0.05;
    const seconds took = now - sent.at;
    service_ = service_ ? (1 - weight) * *service_ + weight * took : took;
    if (concurrency_.limits() && log_.remembers(sent.number)) concurrency_.admitted(log_[sent.number]);
    headers_.note(sent, said.requests, true, log_, rtt_.mean());
    if (closed()) {
        if (sent.number < phase_->first_send()) {
            phase_->note_completion(now);
            if (lockout_.suspected() && sent.at > phase_->since()) {
                lockout_.admitted_while_closed();
                phase_->reset_gap(rtt_.mean());
                if (!phase_->probe_out()) phase_->schedule(now, random_);
            }
        } else {
            probe_admitted(now, sent);
        }
    }
    if (gate_.refuted_by(sent)) refute_hint(now);
    tick(now);
}

void ride_the_limit::on_throttled(time_point now, const departure& sent, const hints& said) {
    tick(now);
    settle(now, sent, outcome::rejected);
    rtt_.sample(now - sent.at);
    const rejected_run run = run_ending_at(log_, sent);
    log_.note_rejection(sent, run.first);
    headers_.note(sent, said.requests, false, log_, rtt_.mean());
    headers_.check(now, log_, rtt_.mean(), rate(now));
    if (said.retry_after && !concurrency_.limits() && gate_.announce(now, sent, *said.retry_after, log_)) {
        refute_hint(now);
    }
    if (hint_refuted_by_ == sent.number) {  // the trial was rejected late: the hint stands
        hint_refuted_by_.reset();
        gate_.trust_again();
        gate_.trial_failed();
    }
    if (concurrency_.limits()) {
        if (concurrency_.cut(now, sent, log_, rtt_)) return;
        mode_ = mode::search;
        estimator_.forget_before(sent.number);
        return cut(now, measured_or_base());
    }
    if (!closed() && service_ && concurrency_.learn(now, log_, rtt_, *service_)) {
        concurrency_.cut(now, sent, log_, rtt_);
        return;
    }
    if (was_presumed_admitted(now, sent)) close_again();
    if (closed()) {
        if (phase_->probe_out() && phase_->out()->sent.number == sent.number) probe_rejected(now);
        return;
    }
    if (shut(now, sent, run))
        return close(now, run.since, log_.remembers(sent.number) ? log_[sent.number].rate_per_s : rate(now));
    if (run.first) note_clean_run(sent);
    constexpr send_number waste_measured_over = 500;
    climb_.note_waste(log_.recent_waste(waste_measured_over));
    cut_once_a_round(now, sent, run);
    climb_.restart(now, log_);
    const seconds announced = gate_.opens_at() > now ? seconds(gate_.opens_at() - now) : seconds(0);
    if (announced > std::max(4 * rtt_.mean(), seconds(3 / measured_or_base())))
        close(now, sent.at, log_.remembers(sent.number) ? log_[sent.number].rate_per_s : rate(now));
}

void ride_the_limit::on_failed(time_point now, const departure& sent) {
    settle(now, sent, outcome::neutral);
    if (closed()) return note_failure_while_closed(now, sent);
    slowest_failure_ =
        failures_in_a_row_ == 0 ? seconds(now - sent.at) : std::max(slowest_failure_, seconds(now - sent.at));
    if (++failures_in_a_row_ < failures_to_close) return;
    close(now, now, rate(now));
    closed_by_failures_ = true;
}

void ride_the_limit::on_abandoned(time_point now, const departure& sent) {
    settle(now, sent, outcome::neutral);
    if (closed()) note_failure_while_closed(now, sent);
}

// ---- open: what a rejection does to the pace

void ride_the_limit::cut(time_point now, double to) {
    climb_.cut(now, std::min(to, budget_.requests_per_s()), log_);
    pacer_.skip_slot(now, climb_.base());
    last_cut_ = now;
}

void ride_the_limit::note_limit(double per_second) {
    measured_ = per_second;
    provisional_ = false;
}

void ride_the_limit::cut_once_a_round(time_point now, const departure& rejected, const rejected_run& run) {
    if (rejected.at <= last_cut_) return;
    const estimate limit = estimator_.up_to(log_, rejected);
    if (mode_ == mode::ramp || climb_.above() > large_growth) return end_of_growth(now, rejected, limit);
    if (mode_ == mode::search) return search(now, limit);
    constexpr double has_fallen = 0.8;
    if (limit.quick && *limit.quick < has_fallen * rate(now)) {
        estimator_.forget_before(rejected.number);
        note_limit(*limit.quick);
        return cut(now, *limit.quick);
    }
    ride(now, run, limit);
}

void ride_the_limit::end_of_growth(time_point now, const departure& rejected, const estimate& limit) {
    double proven = 0;
    if (mode_ != mode::ramp && limit.admitted >= rate_estimator::least_admitted) {
        proven = std::max(limit.precise.value_or(0), climb_.rate_before_step() * (1 - probing_));
    }
    estimator_.forget_before(rejected.number);
    mode_ = mode::search;
    cut(now, std::max(rate(now) / 2, proven));
}

void ride_the_limit::search(time_point now, const estimate& limit) {
    if (limit.precise) {
        note_limit(*limit.precise);
        mode_ = mode::ride;
        return cut(now, *limit.precise);
    }
    const double pace = rate(now);
    if (limit.span <= seconds(0)) return cut(now, 0.6 * pace);
    cut(now, std::clamp((limit.admitted + 1) / limit.span.count(), pace / 3, 0.9 * pace));
}

void ride_the_limit::ride(time_point now, const rejected_run& run, const estimate& limit) {
    const double pace = rate(now);
    if (!limit.precise) return cut(now, 0.9 * pace);
    note_limit(*limit.precise);
    const double below = 1 - (run.length > 1 ? 3 * probing_ : probing_);
    if (climb_.has_proven_steps()) return cut(now, std::max(*measured_, climb_.rate_before_step()) * below);
    cut(now, std::clamp(pace * below, *measured_ * below, *measured_ * (1 + probing_)));
}

void ride_the_limit::note_clean_run(const departure& rejected) {
    const departure* before = log_.onset_before(rejected.number);
    if (!before) return;
    constexpr double meaningful = 8;
    const double admitted = log_.admitted_between(*before, rejected);
    if (admitted >= meaningful) climb_.note_run(admitted, rejected.at - before->at);
    windows_.check(admitted);
}

// ---- closed

bool ride_the_limit::shut(time_point now, const departure& rejected, const rejected_run& run) const {
    if (lockout_.confirmed()) return true;
    (void)now;
    const seconds three_slots = measured_ ? seconds(3 / *measured_) : seconds(0);
    return run.length >= rejections_to_close &&
           rejected.at - run.since >= std::max(2 * rtt_.mean(), three_slots);
}

void ride_the_limit::close(time_point now, time_point since, double rate_at_rejection) {
    windows_.closing(mode_ == mode::ride && !provisional_ ? measured_ : std::nullopt);
    mode_before_closing_ = mode_ == mode::ramp ? mode::search : mode_;
    rate_before_closing_ = rate_at_rejection;
    closed_by_failures_ = false;
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
}

void ride_the_limit::probe_rejected(time_point now) {
    const closed_phase::probe failed = *phase_->out();
    if (failed.trial) {
        gate_.trial_failed();
        const seconds knocked_after = failed.sent.at - phase_->since();
        const seconds moved_by = gate_.opens_at() - *phase_->announced_end();
        if (knocked_after >= seconds(0.9) && moved_by > 0.5 * knocked_after) {
            lockout_.impatience_punished(gate_.opens_at() - now);
        }
    } else {
        lockout_.probe_rejected(*phase_, failed);
    }
    phase_->rejected(now, rtt_.mean(), lockout_.possible());
    phase_->schedule(now, random_);
}

void ride_the_limit::note_failure_while_closed(time_point now, const departure& sent) {
    if (!phase_->probe_out() || phase_->out()->sent.number != sent.number) return;
    if (closed_by_failures_) {
        phase_->rejected(now, rtt_.mean(), false);
    } else {
        phase_->call_back();
    }
    phase_->schedule(now, random_);
}

void ride_the_limit::probe_admitted(time_point now, const departure& probe) {
    if (closed_by_failures_) {  // says nothing about the limit: on as before
        mode_ = mode_before_closing_;
        failures_in_a_row_ = 0;
        pacer_.skip_slot(now, rate(now));
        return climb_.restart(now, log_);
    }
    const std::optional<time_point> announced = phase_->announced_end();
    if (announced && probe.at < gate_.opens_at()) return refute_hint(now);

    presumed_ = presumption{probe, opened_, ever_opened_, windows_};
    const open_run before{log_.admitted_between(opened_, probe),
                          std::max(seconds(1e-3), seconds(phase_->since() - opened_.at))};
    if (phase_->out() && phase_->out()->sent.number == probe.number) {
        lockout_.probe_admitted(*phase_, *phase_->out(), before);
    }
    if (const auto rate = lockout_.rate_after(before)) return reopen_after_lockout(now, probe, before, *rate);
    reopen_after_window(now, probe);
}

void ride_the_limit::reopen_after_lockout(time_point now, const departure& probe, const open_run& before,
                                          double rate) {
    constexpr double below_the_rejected = 0.97;
    // What was admitted, closed time included, is proven.
    const double proven = (before.admitted + 1) / seconds(probe.at - opened_.at).count();
    measured_ = std::min(std::max(rate, proven), below_the_rejected * rate_before_closing_);
    provisional_ = true;
    opened_ = probe;
    ever_opened_ = true;
    mode_ = mode::ride;
    estimator_.forget_before(log_.size());
    cut(now, *measured_);
}

void ride_the_limit::reopen_after_window(time_point now, const departure& probe) {
    time_point last_known_closed = std::max(phase_->last_rejected(), phase_->since());
    if (phase_->announced_end()) {  // the hint held: closed until then
        const time_point held = std::min(gate_.opens_at(), probe.at);
        last_known_closed = std::max(last_known_closed, after(held, -rtt_.mean()));
    }
    window_learner::cycle done;
    done.admitted = log_.admitted_between(opened_, probe) + 1;
    done.span = std::max(seconds(1e-3), seconds(last_known_closed - opened_.at));
    done.closed = last_known_closed - phase_->since();
    done.first = !ever_opened_;
    const bool whole = window_learner::is_whole(done);
    measured_ = windows_.reopened(done, measured_or_base());
    estimator_.forget_before(log_.mark_onset_before(probe.number));
    if (whole) {
        provisional_ = !ever_opened_;
        opened_ = departure{probe.number, last_known_closed, probe.cost, probe.cost_before};
        ever_opened_ = true;
    }
    mode_ = mode::ride;
    // A window's rest would lapse at its end.
    constexpr double over_window_rate = 1.03;
    const double above = !whole ? 1 : windows_.quota() ? over_window_rate : 1 + probing_;
    cut(now, *measured_ * above);
    pacer_.restart(now);
    if (windows_.quota() && backlog_ < 0.9 * *windows_.quota()) {  // the last window: finish in it
        constexpr double on_the_way = 4;
        mode_ = mode::ramp;
        climb_.begin_ramp();
        climb_.raise_to(std::min(on_the_way / rtt_.mean().count(), 2 * backlog_));
    }
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
