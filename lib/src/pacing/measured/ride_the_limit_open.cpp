// The open half of ride_the_limit: what a rejection does to the pace, and how a lost limit is looked for.

#include <algorithm>
#include <cmath>
#include <utility>

#include "pacing/measured/ride_the_limit.hpp"

namespace stagger {

namespace {

// A growth this far above its base has mixed several rates, so nothing measured across it means anything.
constexpr double large_growth = 0.25;
// The first two steps of a search: too early to suppose that the limit has risen.
constexpr double small_growth = 0.31;

// What takes longer to be refused is held back by the server, and says nothing about the way.
constexpr seconds longest_pause{1};
// So many admissions give the limit to two in a hundred.
constexpr double enough_to_rely_on = 50;

/// A limit that is ridden refuses one, or several in a row. Refusals with admissions between them within a
/// dozen sends come from a pace far above it: since the first of them.
std::optional<send_number> refused_in_between(const send_log& log, const departure& rejected) {
    constexpr send_number looked_at = 12;
    constexpr unsigned least_refused = 4;
    constexpr unsigned least_parts = 3;
    constexpr unsigned least_admitted = 2;
    unsigned refused = 0;
    unsigned parts = 0;
    unsigned admitted = 0;
    bool in_part = false;
    send_number first = rejected.number;
    for (send_number each = rejected.number; each + looked_at > rejected.number && log.remembers(each);
         --each) {
        if (log[each].result == outcome::rejected) {
            ++refused;
            parts += !in_part;
            in_part = true;
            first = each;
        } else {
            ++admitted;
            in_part = false;
        }
        if (each == 0) break;
    }
    const bool telling = refused >= least_refused && parts >= least_parts && admitted >= least_admitted;
    return telling ? std::optional(first) : std::nullopt;
}

}  // namespace

void ride_the_limit::cut_window(time_point now, const departure& rejected) {
    if (concurrency_.cut(now, rejected, log_, rtt_)) return testing_.measured();
    // It was not the number in flight after all: what was measured meanwhile says nothing about the rate.
    mode_ = mode::search;
    estimator_.forget_before(rejected.number);
    cut(now, measured_or_base());
}

void ride_the_limit::cut_pace(time_point now, const departure& rejected, const rejected_run& run,
                              voice whose) {
    if (run.first) note_clean_run(rejected);
    climb_.note_waste(log_.recent_waste(waste_measured_over));
    cut_once_a_round(now, rejected, run, whose);
    climb_.restart(now, log_);
}

void ride_the_limit::cut(time_point now, double to) {
    response_.went_at(climb_.rate());
    climb_.cut(now, std::min(to, budget_.fastest_per_s()), log_);
    pacer_.skip_slot(now, climb_.base());
    last_cut_ = now;
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

void ride_the_limit::cut_once_a_round(time_point now, const departure& rejected, const rejected_run& run,
                                      voice whose) {
    if (rejected.at <= last_cut_) return;
    if (memory_was_right(now, rejected)) return;
    const estimate limit = estimator_.up_to(log_, rejected);
    // Where a quota ends says nothing about chance; but one closed time is no quota yet.
    if (!windows_.quota() || turns_.windows() == 0) {
        const double by_chance = voices_[whose].chance.share();
        if (const auto found = response_.by_chance(by_chance)) return go_on_by_chance(now, *found, whose);
    }
    if (mode_ == mode::search && limit.precise && climb_.above() <= small_growth) return search(now, limit);
    if (mode_ == mode::ramp || climb_.above() > large_growth) return end_of_growth(now, rejected, limit);
    if (mode_ == mode::search) return search(now, limit);
    constexpr double has_fallen = 0.8;
    if (limit.quick && *limit.quick < has_fallen * own_rate()) {
        estimator_.forget_before(rejected.number);
        note_limit(*limit.quick);
        return cut(now, *limit.quick);
    }
    if (const auto since = refused_in_between(log_, rejected)) return measure_anew(now, rejected, *since);
    ride(now, run, limit);
}

void ride_the_limit::end_of_growth(time_point now, const departure& rejected, const estimate& limit) {
    double proven = 0;
    if (mode_ != mode::ramp && limit.admitted >= rate_estimator::least_admitted) {
        proven = std::max(limit.precise.value_or(0), climb_.rate_before_step() * (1 - probing_));
    } else if (mode_ == mode::ride && climb_.has_proven_steps()) {
        // No refusal to count from, as behind a look: but whole steps were admitted.
        proven = climb_.rate_before_step() * (1 - probing_);
    }
    const double to = mode_ == mode::ramp ? after_ramp(rejected) : own_rate() / 2;
    estimator_.forget_before(rejected.number);
    units_.forget();
    mode_ = mode::search;
    cut(now, std::max(to, proven));
    // One silent round trip: what is still on the way is more than was saved, and will be rejected as well.
    pacer_.pause(after(now, std::min(longest_pause, rtt_.mean())));
}

/// Of what a ramp sent the most was saved, and the rest says little. A bucket holds what it refills in a
/// second or so, which gives a lower guess than half the pace. The more was admitted, the more it is to be
/// trusted.
double ride_the_limit::after_ramp(const departure& rejected) const {
    constexpr double telling = 3;
    constexpr seconds usual_burst{1};
    constexpr double trusted_at = 64;
    const double half = own_rate() / 2;
    const double admitted = log_.admitted_between(opened_, rejected);
    if (admitted < telling) return half;
    const double by_burst = admitted / (usual_burst + seconds(rejected.at - opened_.at)).count();
    const double trust = std::min(1.0, 0.5 * (1 + admitted / trusted_at));
    return std::min(half, std::pow(half, 1 - trust) * std::pow(by_burst, trust));
}

/// The limit has fallen so far that what was measured before says nothing.
void ride_the_limit::measure_anew(time_point now, const departure& rejected, send_number since) {
    estimator_.forget_before(since);
    // Where a limit held before, it has fallen; else the same refusals may be chance's.
    if (lost_.best() > 0 && !std::exchange(fall_is_known_, true)) response_.doubt();
    measured_.reset();
    mode_ = mode::search;
    search(now, estimator_.up_to(log_, rejected));
}

void ride_the_limit::search(time_point now, const estimate& limit) {
    if (limit.precise) {
        note_limit(*limit.precise);
        end_test(limit);
        mode_ = mode::ride;
        return cut(now, *limit.precise);
    }
    const double pace = own_rate();
    if (limit.span <= seconds(0)) return cut(now, 0.6 * pace);
    cut(now, std::clamp((limit.admitted + 1) / limit.span.count(), pace / 3, 0.9 * pace));
}

void ride_the_limit::ride(time_point now, const rejected_run& run, const estimate& limit) {
    const double pace = own_rate();
    if (!limit.precise) {
        testing_.look_again();  // what was held is no longer, and not yet measured
        return rate_is_remembered_ && limit.span > seconds(0) ? search(now, limit) : cut(now, 0.9 * pace);
    }
    if (!testing_.allowed()) return hold(now, *limit.precise);
    note_limit(*limit.precise);
    if (limit.admitted >= enough_to_rely_on) {
        lost_.held(*limit.precise);
        fall_is_known_ = false;
    }
    end_test(limit);
    const double below = 1 - (run.length > 1 ? 3 * probing_ : probing_);
    if (climb_.has_proven_steps()) return cut(now, std::max(*measured_, climb_.rate_before_step()) * below);
    cut(now, std::clamp(pace * below, *measured_ * below, *measured_ * (1 + probing_)));
}

void ride_the_limit::hold(time_point now, double measured) {
    const double pace = own_rate();
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

// ---- a limit that was higher

void ride_the_limit::look_for_lost_limit(time_point now) {
    if (lost_.looking()) return go_on_looking(now);
    // A fall closes a server now and then: one closed time is neither a lockout nor a window yet.
    const bool other_rules =
        closed() || concurrency_.limits() || lockout_.confirmed() || turns_.windows() > 0;
    if (other_rules || mode_ == mode::ramp || doubt_ || !testing_.allowed()) return;
    if (!lost_.look_is_due(now, rate(now))) return;
    lost_.look(rate(now));
    by_share_.reset();
    mode_ = mode::ramp;
    climb_.begin_ramp();
    climb_.cut(now, 2 * lost_.back_to(), log_);
}

void ride_the_limit::go_on_looking(time_point now) {
    if (mode_ != mode::ramp) return lost_.stop_looking();
    if (!lost_.at_best()) {
        if (climb_.rate() < lost_.best()) return;
        climb_.cut(now, lost_.best(), log_);
        return lost_.reached(log_.last().sent);
    }
    if (!lost_.is_back(now, log_, rtt_)) return;
    lost_.found();
    mode_ = mode::ride;
    measured_ = lost_.best();
    estimator_.forget_before(log_.size());
    cut(now, *measured_);
    pacer_.restart(now);
}

/// What refused the look is the limit that was ridden before.
void ride_the_limit::look_failed(time_point now, const departure& rejected, voice whose) {
    const double pace = lost_.back_to();
    lost_.failed(now);
    note_outcome(now, rejected, outcome::rejected);
    estimator_.forget_before(log_.size());
    if (voices_[whose].chance.matter()) return hold_share(now, pace, whose);
    mode_ = mode::ride;
    cut(now, pace);
}

}  // namespace stagger
