#include "core/ride_the_limit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace stagger {

namespace {

constexpr std::uint64_t slot_stream = 0x736c6f7473000000u;
constexpr std::uint64_t budget_stream = 0x6275646765740000u;

// A growth this far above its base has mixed several rates, so nothing measured across it means anything.
constexpr double large_growth = 0.25;
// The first two steps of a search: too early to suppose that the limit has risen.
constexpr double small_growth = 0.31;

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

ride_the_limit::ride_the_limit(const coordinator_options& options, std::uint64_t seed)
    : random_(seed),
      measured_(told_rate(options)),
      provisional_(measured_.has_value()),
      testing_(options.probing(), provisional_),
      probing_(testing_.step()),
      initial_rate_(measured_.value_or(options.initial_rate())),
      pacer_(random_source(seed ^ slot_stream)),
      budget_(options, random_source(seed ^ budget_stream)),
      estimator_(probing_),
      climb_(probing_, measured_.value_or(options.initial_rate())),
      concurrency_(probing_) {
    if (provisional_) mode_ = mode::ride;
    if (budget_.limits_requests()) climb_.raise_to(budget_.fastest_per_s());
    if (options.remembered()) remember(*options.remembered());
}

// ---- questions

double ride_the_limit::rate_when_sent(const departure& sent) const {
    return log_.remembers(sent.number) ? log_[sent.number].rate_per_s : climb_.rate();
}

double ride_the_limit::rate(time_point now) const {
    double result = by_share_ ? by_share_->per_s() : climb_.rate();
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
    // A ramp goes by time, so it does not wait for the next send: a slot may be longer than its step.
    if (mode_ == mode::ramp || doubt_) step_up(now);
    if (concurrency_.limits() && in_flight_ >= concurrency_.window()) return {never, wait_reason::in_flight};
    if (closed()) {
        const time_point gate = gate_.opens_at();
        if (phase_->probe_out()) return {probe_is_certain_at(), wait_reason::closed};
        return {phase_->next_probe(gate), gate > now ? wait_reason::retry_after : wait_reason::closed};
    }
    opening next{std::max(pacer_.next_slot(), budget_.next_slot()), wait_reason::pace};
    time_point announced = gate_.opens_at();
    if (!concurrency_.limits() && headers_.believed(now)) {
        announced = std::max(announced, headers_.opens_at(now, log_, rtt_.mean()));
    }
    if (announced > next.at) next = {announced, wait_reason::retry_after};
    return next;
}

void ride_the_limit::describe(time_point now, coordinator_status& status) const {
    status.mode = mode_;
    status.pace_per_s = std::min(rate(now), budget_.requests_per_s());
    if (!provisional_) status.measured_per_s = measured_;
    if (concurrency_.limits()) status.measured_window = static_cast<unsigned>(concurrency_.window());
}

// ---- events

void ride_the_limit::presume_probe_admitted(time_point now) {
    if (phase_->probe_out() && now >= probe_is_certain_at()) probe_admitted(now, phase_->out()->sent);
}

void ride_the_limit::step_up(time_point now) {
    if (by_share_) {
        if (const auto seen = by_share_->seen(now, rtt_.mean())) {
            chance_.looked(seen->sent, seen->refused);
            if (!chance_.matter()) {
                const double pace = by_share_->per_s();
                by_share_.reset();
                mode_ = mode::search;
                measured_.reset();
                estimator_.forget_before(log_.size());
                cut(now, pace);
            }
        }
        return;
    }
    if (log_.size() == 0 || concurrency_.limits()) return;  // a window governs by itself
    switch (mode_) {
        case mode::closed:
            return;
        case mode::ramp:
            if (back_to_ && best_again_) return;
            return climb_.ramp(now, log_, rtt_);
        case mode::search:
            return climb_.search(now, log_, rtt_);
        case mode::ride: {
            if (climb_.rate() >= budget_.fastest_per_s() || !testing_.allowed()) return;
            if (doubt_) return climb_.ramp(now, log_, rtt_, doubles_every());
            // Behind a lockout a rejection costs all that would be admitted meanwhile.
            const double price =
                lockout_.confirmed() ? 1 + lockout_.silence().count() * measured_.value_or(0) : 1;
            return climb_.ride(now, log_, rtt_, price, chance_.matter() ? chance_.share() : 0);
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
    if (closed()) phase_->sent(sent, now - last_sent);
    else if (by_share_) by_share_->sent(sent, paced, chance_.share(), rtt_.mean());
    else if (!log_.rejections().empty() && paced && !(mode_ == mode::ride && climb_.above() > 0)) response_.sent(pace);
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
}

void ride_the_limit::on_throttled(time_point now, const departure& sent, const hints& said) {
    if (closed()) presume_probe_admitted(now);
    settle(now, sent, outcome::neutral);
    rtt_.sample(now - sent.at);
    unmet_.refused();
    note_headers(sent, said, false);
    if (closed()) return refused_by_limit(now, sent, said);
    if (by_share_) {
        return refused_behind_chance(now, sent);
    }
    const bool ramps = mode_ == mode::ramp;
    for (const departure& each : chance_.refused(sent, bar(sent), mode_ == mode::ramp || chance_.matter() || (mode_ == mode::ride && climb_.above() == 0))) {
        if (by_share_) { refused_behind_chance(now, each); continue; }
        if (back_to_ && mode_ == mode::ramp) {
            const double pace = *back_to_;
            back_to_.reset();
            lost_.failed(now, pace, best_again_.has_value());
            note_outcome(now, each, outcome::rejected);
            if (chance_.matter()) { hold_share(now, pace); continue; }
            mode_ = mode::ride;
            cut(now, pace);
            estimator_.forget_before(log_.size());
            continue;
        }
        if (ramps && mode_ == mode::ramp && chance_.matter()) { hold_share(now, std::min(0.6 * rate(now), std::max(1., log_.admitted_between(opened_, each)) / (1 + seconds(each.at - opened_.at).count()))); continue; }
        refused_by_limit(now, each, each.number == sent.number ? said : hints());
    }
}

double ride_the_limit::bar(const departure& sent) const {
    static double B1=getenv("B1")?atof(getenv("B1")):9,B2=getenv("B2")?atof(getenv("B2")):7,B3=getenv("B3")?atof(getenv("B3")):4.5;
    if (mode_ == mode::ramp) { if (back_to_ && !chance_.matter()) return B3; return B1; }
    static double B4=getenv("B4")?atof(getenv("B4")):7;
    if (chance_.matter()) return B4;
    if (mode_ == mode::ride && !provisional_ && measured_ && !windows_.quota() && !concurrency_.limits() && rate_when_sent(sent) <= *measured_) return B2;
    return B3;
}

/// A refusal that chance does not explain.
void ride_the_limit::refused_by_limit(time_point now, const departure& sent, const hints& said) {
    note_outcome(now, sent, outcome::rejected);
    const rejected_run run = run_ending_at(log_, sent);
    if (mode_ == mode::ramp && log_.rejections().empty()) {
        until_first_rejection_ = open_run{sent.cost_before, seconds(sent.at - opened_.at)};
    }
    if (const departure* before = log_.onset_before(sent.number); !closed() && log_.remembers(sent.number) && log_[sent.number].paced && !(mode_ == mode::ride && climb_.above() > 0)) response_.refused(rate_when_sent(sent), before ? log_.admitted_between(*before, sent) : 0);
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
    if (service_ && !chance_.matter() && concurrency_.learn(now, log_, rtt_, *service_)) return testing_.measured();
    if (shuts(sent, run)) return close(now, run.since, run.rate_per_s > 0 ? run.rate_per_s : rate(now));
    cut_pace(now, sent, run);
    if (long_wait_announced(now)) close(now, sent.at, rate_when_sent(sent));
}

void ride_the_limit::hear_retry_after(time_point now, const departure& rejected, const hints& said) {
    if (said.retry_after && !concurrency_.limits()) {
        if (gate_.announce(now, rejected, *said.retry_after, log_)) refute_hint(now);
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
    if (!failures_.server_is_down()) return;
    close(now, now, rate(now));
    closed_by_failures_ = true;
}

void ride_the_limit::on_abandoned(time_point now, const departure& sent) {
    settle(now, sent, outcome::neutral);
    if (closed()) note_failure_while_closed(now, sent);
}

// ---- open: what a rejection does to the pace

void ride_the_limit::cut_window(time_point now, const departure& rejected) {
    if (concurrency_.cut(now, rejected, log_, rtt_)) return testing_.measured();
    // It was not the number in flight after all: what was measured meanwhile says nothing about the rate.
    mode_ = mode::search;
    estimator_.forget_before(rejected.number);
    cut(now, measured_or_base());
}

void ride_the_limit::cut_pace(time_point now, const departure& rejected, const rejected_run& run) {
    constexpr send_number waste_measured_over = 500;
    if (run.first) note_clean_run(rejected);
    climb_.note_waste(log_.recent_waste(waste_measured_over));
    cut_once_a_round(now, rejected, run);
    climb_.restart(now, log_);
}

void ride_the_limit::cut(time_point now, double to) {
    if (climb_.rate() > proven_pace_) proven_pace_ = climb_.rate();
    climb_.cut(now, std::min(to, budget_.fastest_per_s()), log_);
    pacer_.skip_slot(now, climb_.base());
    last_cut_ = now;
}

void ride_the_limit::look_for_lost_limit(time_point now) {
    if (concurrency_.limits() || lockout_.suspected() || windows_.quota() || !testing_.allowed() || closed()) return;
    if (back_to_) {
        if (mode_ != mode::ramp) {
            back_to_.reset();
        } else if (!best_again_ && climb_.rate() >= lost_.best()) {
            climb_.cut(now, lost_.best(), log_);
            best_again_ = log_.last().sent;
        } else if (best_again_ && log_.size() - best_again_->number > 8 && now >= after(best_again_->at, rtt_.presumed_admitted())) {
            back_to_.reset();
            mode_ = mode::ride;
            measured_ = lost_.best();
            lost_.found();
            estimator_.forget_before(log_.size());
            cut(now, *measured_);
            pacer_.restart(now);
        }
        return;
    }
    if (mode_ == mode::ramp || doubt_) return;
    lost_.going(now, rate(now));
    static bool NL=getenv("NL"); if (NL || !lost_.test_due(now)) return;
    lost_.tested(now);
    back_to_ = rate(now);
    best_again_.reset();
    by_share_.reset();
    mode_ = mode::ramp;
    climb_.begin_ramp();
    climb_.cut(now, 2 * *back_to_, log_);
}

/// Several refusals with admissions between them within a dozen sends: a limit that is ridden does not do that.
bool ride_the_limit::fell_to_a_part(const departure& rejected) const {
    unsigned onsets = 0, refused = 0, admitted = 0;
    for (send_number back = 0; back < 12 && back < rejected.number && log_.remembers(rejected.number - back); ++back) {
        const send_record& each = log_[rejected.number - back];
        if (each.result == outcome::rejected) {
            ++refused;
            if (back > 0 && log_[rejected.number - back + 1].result != outcome::rejected) ++onsets;
        } else {
            ++admitted;
        }
    }
    return onsets >= 2 && refused >= 4 && admitted >= 2;
}

void ride_the_limit::note_limit(double per_second) {
    measured_ = per_second;
    provisional_ = rate_is_remembered_ = false;
}

// With fewer rejections a limit on requests in flight is not told apart yet, and few admissions measure
// badly: neither is to be held for good.
void ride_the_limit::end_test(const estimate& limit) {
    constexpr std::size_t telling_rejections = 8;
    if (limit.admitted >= 1 / probing_ && log_.rejections().size() >= telling_rejections) testing_.measured();
}

void ride_the_limit::cut_once_a_round(time_point now, const departure& rejected, const rejected_run& run) {
    if (rejected.at <= last_cut_) return;
    if (memory_was_right(now, rejected)) return;
    const estimate limit = estimator_.up_to(log_, rejected);
    if (!windows_.quota()) if (const auto found = response_.by_chance(chance_.share())) return go_on_by_chance(now, *found);
    if (mode_ == mode::search && limit.precise && climb_.above() <= small_growth) return search(now, limit);
    if (mode_ == mode::ramp || climb_.above() > large_growth) return end_of_growth(now, rejected, limit);
    if (mode_ == mode::search) return search(now, limit);
    constexpr double has_fallen = 0.8;
    if (limit.quick && *limit.quick < has_fallen * rate(now)) {
        estimator_.forget_before(rejected.number);
        note_limit(*limit.quick);
        return cut(now, *limit.quick);
    }
    static bool NF=getenv("NF"); if (!NF && fell_to_a_part(rejected)) {
        send_number first = rejected.number;
        for (send_number back = 0; back < 12 && log_.remembers(rejected.number - back); ++back) {
            if (log_[rejected.number - back].result == outcome::rejected) first = rejected.number - back;
        }
        estimator_.forget_before(first);
        response_.forget();
        mode_ = mode::search;
        measured_.reset();
        return search(now, estimator_.up_to(log_, rejected));
    }
    ride(now, run, limit);
}

void ride_the_limit::end_of_growth(time_point now, const departure& rejected, const estimate& limit) {
    double proven = 0;
    if (mode_ != mode::ramp && limit.admitted >= rate_estimator::least_admitted) {
        proven = std::max(limit.precise.value_or(0), climb_.rate_before_step() * (1 - probing_));
    }
    double to = rate(now) / 2;
    if (mode_ == mode::ramp) {
        const double admitted = log_.admitted_between(opened_, rejected);
        if (admitted >= 3) to = std::min(to, std::sqrt(to * admitted / (1 + seconds(rejected.at - opened_.at).count())));
    }
    estimator_.forget_before(rejected.number);
    units_.forget();
    mode_ = mode::search;
    cut(now, std::max(to, proven));
    // One silent round trip: what is still on the way is more than was saved, and will be rejected as well.
    pacer_.pause(after(now, rtt_.mean()));
}

void ride_the_limit::go_on_by_chance(time_point now, const load_response::finding& found) {
    chance_.established(found.share);
    estimator_.forget_before(log_.size());
    measured_.reset();
    testing_.look_again();
    response_.forget();
    if (found.limit_per_s) return hold_share(now, *found.limit_per_s);
    mode_ = mode::ramp;
    const double p = std::max(rate(now), proven_pace_);
    proven_pace_ = 0;
    cut(now, p);
}

void ride_the_limit::hold_share(time_point now, double pace) {
    mode_ = mode::ride;
    by_share_.emplace(pace, log_.size());
    cut(now, pace);
    pacer_.pause(after(now, rtt_.mean()));
}

/// A refusal while the share is held.
void ride_the_limit::refused_behind_chance(time_point now, const departure& sent) {
    if (log_.remembers(sent.number) && log_[sent.number].paced) by_share_->refused(sent, rtt_.mean());
    log_.settle(sent, outcome::rejected, now);
    constexpr double unlikely = 1e-6;
    if (std::pow(chance_.share() + 0.1, by_share_->run()) < unlikely) close(now, sent.at, rate(now));
}

void ride_the_limit::search(time_point now, const estimate& limit) {
    if (limit.precise) {
        note_limit(*limit.precise);
        end_test(limit);
        mode_ = mode::ride;
        return cut(now, *limit.precise);
    }
    const double pace = rate(now);
    if (limit.span <= seconds(0)) return cut(now, 0.6 * pace);
    cut(now, std::clamp((limit.admitted + 1) / limit.span.count(), pace / 3, 0.9 * pace));
}

void ride_the_limit::ride(time_point now, const rejected_run& run, const estimate& limit) {
    const double pace = rate(now);
    if (!limit.precise) {
        testing_.look_again();  // what was held is no longer, and not yet measured
        return rate_is_remembered_ && limit.span > seconds(0) ? search(now, limit) : cut(now, 0.9 * pace);
    }
    if (!testing_.allowed()) return hold(now, *limit.precise);
    note_limit(*limit.precise);
    if (limit.admitted >= 50) lost_.held(*limit.precise);
    end_test(limit);
    const double below = 1 - (run.length > 1 ? 3 * probing_ : probing_);
    if (climb_.has_proven_steps()) return cut(now, std::max(*measured_, climb_.rate_before_step()) * below);
    cut(now, std::clamp(pace * below, *measured_ * below, *measured_ * (1 + probing_)));
}

void ride_the_limit::hold(time_point now, double measured) {
    const double pace = rate(now);
    // A run in which nearly all was admitted measured the pace alone, and would lower the limit again and
    // again.
    const bool measured_pace_alone = measured >= (1 - probing_) * pace;
    if (!measured_pace_alone || provisional_) note_limit(measured);
    cut(now, std::min(pace, *measured_ * (1 - probing_)));
}

void ride_the_limit::note_clean_run(const departure& rejected) {
    const departure* before = log_.onset_before(rejected.number);
    if (!before) return;
    constexpr double meaningful = 8;
    const double admitted = log_.admitted_between(*before, rejected);
    if (admitted >= meaningful) climb_.note_run(admitted, rejected.at - before->at);
    windows_.check(admitted);
    if (const auto unit = units_.note_run(log_, *before, rejected, log_.unit())) {
        log_.count_in(*unit);
        headers_ = {};  // read in the other unit
    }
}

}  // namespace stagger
