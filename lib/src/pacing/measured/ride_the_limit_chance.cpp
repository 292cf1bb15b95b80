// How ride_the_limit tells the refusals of a limit from those that come whatever the load, and what it does
// behind the latter.

#include <algorithm>
#include <cmath>

#include "pacing/measured/ride_the_limit.hpp"

namespace stagger {

namespace {

// How much likelier a limit must be than chance, as a logarithm. In a ramp a few more refusals cost little,
// and a pace that is cut for nothing costs the whole growth. At or below a measured limit none is expected.
// Where the limit is being tested, one is enough.
constexpr double bar_in_ramp = 9;
constexpr double bar_below_limit = 7;
constexpr double bar_in_test = 4.5;
// What an overloaded server asks for at random is shorter.
constexpr seconds passing_trouble{10};
// Cuts one soon behind the other: a server that closes connections above its limit takes a few.
constexpr unsigned most_failure_cuts = 8;
constexpr send_number failures_forgotten_after = 32;
// Accidents have causes of their own, and come in clusters.
constexpr double bar_for_failures = 8;

/// Behind thousands of sends chance has brought a few refusals close together somewhere; and the more was
/// sent, the less of it some more of them cost.
double more_behind_many(send_number sent) {
    constexpr double many = 2000;
    return std::log(std::max(1.0, static_cast<double>(sent) / many));
}

}  // namespace

void ride_the_limit::judge(time_point now, const departure& sent, const hints& said) {
    // Where the limit is being tested, a refusal says nothing about chance, unless that is known to be at
    // work, or far more is refused than tests explain.
    const bool held = mode_ == mode::ride && climb_.above() == 0;
    const bool more_than_tests =
        log_.size() > waste_measured_over && log_.recent_waste(waste_measured_over) > 5 * probing_;
    const voice whose = refusal_voices::of(said);
    refusal_voices::heard& heard = voices_[whose];
    const bool teaches = mode_ == mode::ramp || held || heard.chance.matter() || more_than_tests ||
                         voices_.limit_speaks_otherwise_than(whose);
    const bool ramps = mode_ == mode::ramp;
    const std::vector<departure>& caused =
        heard.chance.refused(sent, bar(sent, said), teaches, presumed_to(now));
    if (!heard.chance.matter()) heard.chance_matters_since = log_.size();
    hints before;  // what the earlier ones said is not known any more
    before.overloaded = said.overloaded;
    voices_.limit_spoke(whose, static_cast<double>(caused.size()));
    // A limit that speaks for itself is measured as one.
    if (!caused.empty() && by_share_ && !holds_share_of(whose)) search_from_share(now);
    for (const departure& each : caused) {
        if (holds_share_of(whose)) {
            refused_behind_chance(now, each, said);
        } else if (lost_.looking() && mode_ == mode::ramp) {
            look_failed(now, each, whose);
        } else if (ramps && mode_ == mode::ramp && each.number >= heard.chance_matters_since) {
            constexpr double below = 0.6;
            hold_share(now, std::min(below * own_rate(), after_ramp(each)), whose);
        } else {
            refused_by_limit(now, each, each.number == sent.number ? said : before);
        }
    }
}

void ride_the_limit::judge_failure(time_point now, const departure& sent) {
    if (failure_cuts_ > most_failure_cuts) return;
    for (const departure& each : failing_.refused(sent, bar_for_failures, true, presumed_to(now))) {
        if (closed()) return;
        if (each.at > last_cut_ && cut_by_failure(now, each)) return;
        const failure_streak streak = failures_;
        refused_by_limit(now, each, {});
        failures_ = streak;
        closed_by_failures_ = closed();  // a probe takes as long to fail as they did
    }
}

/// True where going slower has not helped time and again: failures are no limit's here, and the pace goes
/// back.
bool ride_the_limit::cut_by_failure(time_point now, const departure& failed) {
    if (failure_cuts_ > 0 && failed.number - last_failure_cut_ > failures_forgotten_after) failure_cuts_ = 0;
    last_failure_cut_ = failed.number;
    if (++failure_cuts_ <= most_failure_cuts) return false;
    const double fastest = response_.fastest();
    measured_.reset();
    estimator_.forget_before(log_.size());
    mode_ = mode::ramp;
    cut(now, std::max(own_rate(), fastest));
    response_.forget();
    return true;
}

/// Of the sends before this one half of those that are refused have been refused by now.
send_number ride_the_limit::presumed_to(time_point now) const {
    return log_.first_since(after(now, -rtt_.mean()));
}

double ride_the_limit::bar(const departure& sent, const hints& said) const {
    // A server that says when it opens is believed before one that says nothing: at once, where nothing that
    // it admitted speaks against it, or where it speaks of more than a passing trouble.
    const bool chance_matters = voices_[refusal_voices::of(said)].chance.matter();
    if (said.retry_after && !chance_matters) {
        if (!service_ || *said.retry_after > passing_trouble) return 0;
        return mode_ == mode::ramp ? bar_below_limit : bar_in_test;
    }
    const bool looks = lost_.looking() && !chance_matters;
    if (mode_ == mode::ramp) return looks ? bar_in_test : bar_in_ramp + more_behind_many(log_.size());
    if (chance_matters || voices_.limit_speaks_otherwise_than(refusal_voices::of(said)))
        return bar_below_limit;
    // What was measured over a few admissions may lie above the limit.
    const bool relied_on = lost_.best() > 0 && measured_ && !provisional_;
    const bool limit_known = mode_ == mode::ride && relied_on && !concurrency_.limits();
    // A quota ends at any pace.
    const bool none_expected = limit_known && !windows_.quota() && rate_when_sent(sent) <= *measured_;
    return none_expected ? bar_below_limit : bar_in_test;
}

/// Whether this send, refused or not, tells how the refused share depends on the pace: it left at the pace,
/// and not to test the limit.
bool ride_the_limit::tells_of_load(const departure& sent) const {
    const bool tests = mode_ == mode::ride && climb_.above() > 0;
    return !closed() && !tests && log_.remembers(sent.number) && log_[sent.number].paced;
}

/// Going slower did not help: on at the pace as it was before, or at the limit that shows behind chance.
void ride_the_limit::go_on_by_chance(time_point now, const load_response::finding& found, voice whose) {
    // No faster than a few doublings ago, for what a growth reached at last was not proven.
    constexpr double most_regained = 4;
    const double fastest = std::clamp(response_.fastest(), own_rate(), most_regained * own_rate());
    voices_[whose].chance.established(found.share);
    estimator_.forget_before(log_.size());
    response_.forget();
    measured_.reset();
    testing_.look_again();
    if (found.limit_per_s) return hold_share(now, *found.limit_per_s, whose);
    mode_ = mode::ramp;
    cut(now, fastest);
    response_.forget();
}

void ride_the_limit::hold_share(time_point now, double pace, voice whose) {
    mode_ = mode::ride;
    held_by_share_ = whose;
    by_share_.emplace(pace, log_.size());
    cut(now, pace);
    pacer_.pause(after(now, rtt_.mean()));
}

void ride_the_limit::refused_behind_chance(time_point now, const departure& sent, const hints& said) {
    if (log_.remembers(sent.number) && log_[sent.number].paced) {
        by_share_->refused(sent, log_[sent.number].rate_per_s, rtt_.mean());
    }
    log_.settle(sent, outcome::rejected, now);
    // So many in a row are neither chance's nor what the pace is too high by.
    constexpr double unlikely = 1e-6;
    constexpr double above_chance = 0.1;
    const double share = voices_[held_by_share_].chance.share();
    if (std::pow(share + above_chance, by_share_->run()) >= unlikely) return;
    hear_retry_after(now, sent, said);
    close(now, sent.at, rate(now));
}

void ride_the_limit::learn_from_look(time_point now) {
    const auto look = by_share_->take_look(now, rtt_.mean());
    if (!look) return;
    refusals_by_chance& chance = voices_[held_by_share_].chance;
    chance.looked(look->sent, look->refused);
    if (chance.matter()) return;
    // Chance refuses next to nothing any more: its share was the limit's.
    search_from_share(now);
}

void ride_the_limit::search_from_share(time_point now) {
    const double pace = by_share_->per_s();
    by_share_.reset();
    measured_.reset();
    estimator_.forget_before(log_.size());
    mode_ = mode::search;
    cut(now, pace);
}

}  // namespace stagger
