#include "pacing/measured/ride_the_limit.hpp"

#include <algorithm>

namespace stagger {

namespace {

constexpr std::uint64_t slot_stream = 0x736c6f7473000000u;
constexpr std::uint64_t budget_stream = 0x6275646765740000u;

// The limit may have fallen since it was remembered, and an admission costs less than a rejection. Where the
// pace will not be tested, it would stay that far below.
constexpr double below_remembered = 0.95;
constexpr double below_remembered_for_good = 0.99;

/// The rate that was told, if one was.
std::optional<double> told_rate(const coordinator_options& options) {
    if (options.requests_per_minute() > 0) return options.requests_per_minute() / 60;
    if (!options.remembered() || options.remembered()->kind == limit_kind::none) return std::nullopt;
    return options.remembered()->rate_per_s *
           (options.probing() > 0 ? below_remembered : below_remembered_for_good);
}

}  // namespace

ride_the_limit::ride_the_limit(const coordinator_options& options, std::uint64_t seed, memory_age age)
    : random_(seed),
      measured_(told_rate(options)),
      provisional_(measured_.has_value()),
      testing_(options.probing(), provisional_),
      probing_(testing_.step()),
      pacer_(random_source(seed ^ slot_stream)),
      budget_(options, random_source(seed ^ budget_stream)),
      estimator_(probing_),
      climb_(probing_, measured_.value_or(options.initial_rate())),
      concurrency_(probing_) {
    if (provisional_) mode_ = mode::ride;
    if (budget_.limits_requests()) climb_.raise_to(budget_.fastest_per_s());
    if (options.remembered()) remember(*options.remembered(), age);
}

// ---- questions

double ride_the_limit::rate_when_sent(const departure& sent) const {
    return log_.remembers(sent.number) ? log_[sent.number].rate_per_s : climb_.rate();
}

double ride_the_limit::rate(time_point now) const {
    double result = own_rate();
    if (concurrency_.limits()) {
        // The window governs; the pace only keeps its refilling from being a burst.
        const seconds service = service_.value_or(assumed_service_);
        result = std::max(1.0, 2 * concurrency_.window() / std::max(1e-3, service.count()));
    } else if (!closed() && headers_.believed(now)) {
        result = headers_.rate(now, log_, rtt_.mean(), backlog_).value_or(result);
    }
    constexpr double slowest = 1.0 / 60;
    return std::clamp(result, slowest, std::min(climb::fastest_per_s, budget_.fastest_per_s()));
}

opening ride_the_limit::next_opening(time_point now, const line_view& line) {
    backlog_ = static_cast<double>(line.backlog);
    if (closed()) presume_probe_admitted(now);
    look_for_lost_limit(now);
    if (by_share_) learn_from_look(now);
    // A ramp goes by time, so it does not wait for the next send: a slot may be longer than its step.
    if (mode_ == mode::ramp || doubt_) step_up(now);
    if (concurrency_.limits() && in_flight_ >= concurrency_.window()) return {never, wait_reason::in_flight};
    if (closed()) {
        const time_point gate = gate_.opens_at();
        if (phase_->probe_out()) return {probe_is_certain_at(), wait_reason::closed};
        const time_point probe = std::max(phase_->next_probe(gate), budget_.next_slot());
        return {probe, gate > now ? wait_reason::retry_after : wait_reason::closed};
    }
    opening next{std::max(pacer_.next_slot(), budget_.next_slot()), wait_reason::pace};
    const time_point announced = announced_opening(now);
    if (announced > next.at) next = {announced, wait_reason::retry_after};
    return next;
}

time_point ride_the_limit::announced_opening(time_point now) const {
    if (closed() || concurrency_.limits() || !headers_.believed(now)) return gate_.opens_at();
    return std::max(gate_.opens_at(), headers_.opens_at(now, log_, rtt_.mean()));
}

void ride_the_limit::describe(time_point now, coordinator_status& status) const {
    status.mode = mode_;
    status.pace_per_s = std::min(rate(now), budget_.requests_per_s());
    if (!provisional_) status.measured_per_s = measured_;
    if (concurrency_.limits()) status.measured_window = static_cast<unsigned>(concurrency_.window());
    if (const time_point announced = announced_opening(now); announced > now) {
        if (announced != gate_.opens_at() || gate_.is_end()) status.opens_at = announced;
    }
}

// ---- events

void ride_the_limit::presume_probe_admitted(time_point now) {
    if (phase_->probe_out() && now >= probe_is_certain_at()) probe_admitted(now, phase_->out()->sent);
}

void ride_the_limit::step_up(time_point now) {
    if (log_.size() == 0 || concurrency_.limits() || by_share_) return;  // these govern by themselves
    switch (mode_) {
        case mode::closed:
            return;
        case mode::ramp:
            if (lost_.looking() && lost_.at_best()) return;
            return climb_.ramp(now, log_, rtt_, backlog_);
        case mode::search:
            return climb_.search(now, log_, rtt_);
        case mode::ride: {
            if (climb_.rate() >= budget_.fastest_per_s() || !testing_.allowed()) return;
            if (doubt_) return climb_.ramp(now, log_, rtt_, backlog_, doubles_every());
            // Behind a lockout a rejection costs all that would be admitted meanwhile.
            const double price =
                lockout_.confirmed() ? 1 + lockout_.silence().count() * measured_.value_or(0) : 1;
            return climb_.ride(now, log_, rtt_, price);
        }
    }
}

departure ride_the_limit::on_send(time_point now, const cost& what) {
    if (log_.size() == 0) begin(now);
    step_up(now);
    const double pace = rate(now);
    const time_point last_sent = log_.size() > 0 ? log_.last().sent.at : now;
    const seconds slot(1 / pace);
    const bool paced = pacer_.holds_back(now, slot) && pacer_.next_slot() >= budget_.next_slot();
    pacer_.sent(now, log_.unit().of(what), slot);
    budget_.sent(now, what);
    const departure sent = log_.add(now, what, pace, ++in_flight_, paced);
    if (sent.number == 0) opened_ = sent;
    if (closed()) {
        phase_->sent(sent, now - last_sent);
    } else if (by_share_) {
        by_share_->sent(sent, paced, voices_[held_by_share_].chance.share(), rtt_.mean());
    } else if (tells_of_load(sent) && !log_.rejections().empty()) {
        response_.sent(pace);
    }
    return sent;
}

void ride_the_limit::on_accepted(time_point now, const departure& sent, const hints& said) {
    settle(now, sent, outcome::accepted);
    note_service(now, sent);
    hear_admission(now, sent, said);
}

void ride_the_limit::on_answering(time_point now, const departure& sent, const hints& said) {
    note_outcome(now, sent, outcome::accepted);
    hear_admission(now, sent, said);
}

void ride_the_limit::on_answered(time_point now, const departure& sent) {
    --in_flight_;
    note_service(now, sent);
}

void ride_the_limit::note_service(time_point now, const departure& sent) {
    constexpr double weight = 0.05;
    const seconds took = now - sent.at;
    rtt_.answered(took);
    service_ = service_ ? (1 - weight) * *service_ + weight * took : took;
    if (concurrency_.limits() && log_.remembers(sent.number)) {
        concurrency_.admitted(log_[sent.number], testing_.allowed());
    }
}

void ride_the_limit::hear_admission(time_point now, const departure& sent, const hints& said) {
    unmet_.admitted(now);
    note_headers(sent, said, true);
    if (closed()) admitted_while_closed(now, sent);
    if (gate_.refuted_by(sent)) refute_hint(now);
    gate_.admitted(sent);
}

void ride_the_limit::on_throttled(time_point now, const departure& sent, const hints& said) {
    if (closed()) presume_probe_admitted(now);
    settle(now, sent, outcome::neutral);
    rtt_.sample(now - sent.at);
    unmet_.refused();
    note_headers(sent, said, false);
    if (closed()) return refused_by_limit(now, sent, said);
    if (holds_share_of(refusal_voices::of(said))) return refused_behind_chance(now, sent, said);
    judge(now, sent, said);
}

/// A refusal that chance does not explain.
void ride_the_limit::refused_by_limit(time_point now, const departure& sent, const hints& said) {
    note_outcome(now, sent, outcome::rejected);
    const rejected_run run = run_ending_at(log_, sent);
    if (mode_ == mode::ramp && log_.rejections().empty()) {
        until_first_rejection_ = open_run{sent.cost_before, seconds(sent.at - opened_.at)};
    }
    if (tells_of_load(sent)) {
        const departure* before = log_.onset_before(sent.number);
        response_.refused(rate_when_sent(sent), before ? log_.admitted_between(*before, sent) : 0);
    }
    log_.note_rejection(sent, run.first);
    headers_.check(now, log_, rtt_.mean(), rate(now));
    hear_retry_after(now, sent, said);

    // A window that fits leaves nothing to reject; nothing admitted for a while is another limit's doing.
    if (concurrency_.remembered() && shuts(sent, run)) concurrency_.drop(now);
    if (concurrency_.limits()) return cut_window(now, sent);
    if (was_presumed_admitted(now, sent)) close_again();
    if (closed()) {
        if (is_probe(sent)) probe_rejected(now);
        return;
    }
    // Refused at random, requests in flight say nothing about places.
    const voice whose = refusal_voices::of(said);
    const bool may_be_places = service_ && !voices_[whose].chance.matter();
    if (may_be_places && concurrency_.learn(now, log_, rtt_, *service_)) return testing_.measured();
    if (shuts(sent, run)) return close(now, run.since, run.rate_per_s > 0 ? run.rate_per_s : rate(now));
    cut_pace(now, sent, run, whose);
    if (long_wait_announced(now)) close(now, sent.at, rate_when_sent(sent));
}

hints ride_the_limit::believed(time_point now, const departure& sent, const hints& said) {
    gate_.refused(sent, log_);
    const auto word = gate_.believed_of(now, said);
    if (!word || word->kind == said.retry_after_kind) return said;
    hints kept = said;
    kept.retry_after = said.otherwise->wait;
    kept.retry_after_kind = word->kind;
    kept.otherwise.reset();
    return kept;
}

void ride_the_limit::hear_retry_after(time_point now, const departure& rejected, const hints& said) {
    if (said.retry_after && !concurrency_.limits()) {
        const hint_gate::word told{said.retry_after_kind, seconds(*said.retry_after)};
        if (gate_.announce(now, rejected, told, log_)) refute_hint(now);
    }
    if (hint_refuted_by_ == rejected.number) {  // the trial was rejected late: the hint stands
        hint_refuted_by_.reset();
        gate_.trust_again();
        gate_.trial_failed();
    }
}

void ride_the_limit::on_failed(time_point now, const departure& sent) {
    settle(now, sent, outcome::neutral);
    if (closed()) return note_failure_while_closed(now, sent);
    failures_.failed(now - sent.at);
    if (failures_.server_is_down()) {
        close(now, now, rate(now));
        closed_by_failures_ = true;
        return;
    }
    judge_failure(now, sent);
}

void ride_the_limit::on_abandoned(time_point now, const departure& sent) {
    settle(now, sent, outcome::neutral);
    if (closed()) note_failure_while_closed(now, sent);
}

void ride_the_limit::on_unsent(time_point now, const departure& sent) {
    log_.note_unsent(sent);
    on_abandoned(now, sent);
}

}  // namespace stagger
