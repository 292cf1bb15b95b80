#include "pacing/measured/lockout_learner.hpp"

#include <algorithm>
#include <cmath>

namespace stagger {

namespace {

constexpr seconds noticeable{0.5};
constexpr seconds least_silence{2};
constexpr seconds enough_silence{8};
// Within so many usual slots a plain limit would have admitted something.
constexpr double slots_waited = 3;
constexpr unsigned most_counted = 9;
constexpr double least_more = 3;

}  // namespace

void lockout_learner::probe_rejected(const closed_phase& phase, const closed_phase::probe& failed) {
    const bool announced = phase.announced_end().has_value();
    if (suspected() && !announced && failed.silence >= silence_) {
        if (seen_ == 1) refuted_ = true;
        seen_ = 0;
    }
    if (failed.silence >= shortest_that_worked_ && shortest_that_worked_ > noticeable) {
        refuted_ = true;
        if (!announced) seen_ = 0;
    }
}

void lockout_learner::probe_admitted(const closed_phase& phase, const closed_phase::probe& worked,
                                     const open_run& before) {
    if (!phase.announced_end() && !phase.waits_for_expected_end()) note_silence(phase, worked, before);
    remember(before);
}

void lockout_learner::note_silence(const closed_phase& phase, const closed_phase::probe& worked,
                                   const open_run& before) {
    const seconds failed = phase.longest_failed_silence();
    if (failed > seconds(0)) shortest_that_worked_ = std::min(shortest_that_worked_, worked.silence);
    if (worked.silence < 0.9 * failed) return refute();
    if (!suspected() && phase.opened_by_completion()) return;  // a limit on concurrency looks like that
    const seconds slot =
        (before.span + seconds(phase.last_rejected() - phase.since())) / (before.admitted + 1);
    const seconds telling = std::max(least_silence, std::min(enough_silence, slots_waited * slot));
    if (refuted_ || worked.silence <= failed || worked.silence < telling) return;
    silence_ = suspected() ? std::min(silence_, worked.silence) : worked.silence;
    seen_ = std::min(most_counted, seen_ + 1);
}

void lockout_learner::remember(const open_run& run) {
    if (!shortest_ || (longest_ && run.span < shortest_->span)) {
        shortest_ = run;
    } else if (!longest_ || run.span > longest_->span) {
        longest_ = run;
    }
    if (longest_ && longest_->span < shortest_->span) std::swap(longest_, shortest_);
}

std::optional<double> lockout_learner::rate_after(const open_run& before) {
    if (!suspected()) return std::nullopt;
    constexpr double caution = 0.97;
    constexpr double unknown_burst = 0.5;
    constexpr double averaged_burst = 0.9;
    if (!longest_) {
        const double refilled = before.admitted - burst_.value_or(0);
        return (burst_ && refilled > 0 ? caution * refilled : unknown_burst * before.admitted) /
               before.span.count();
    }
    const seconds longer = longest_->span - shortest_->span;
    const double more = std::fabs(longest_->admitted - shortest_->admitted);
    // By the rate of a whole cycle, closed time included, the longer run should have admitted noticeably
    // more.
    const double expected_more = longer.count() * longest_->admitted / (longest_->span + silence_).count();
    const bool comparable = longer > 0.3 * longest_->span && expected_more >= least_more;
    if (comparable && more < std::max(least_more, 0.05 * before.admitted)) {
        refute();  // the same quota however long it took: a window
        return std::nullopt;
    }
    if (comparable && more >= 8) {
        const double rate = more / longer.count();
        burst_ = std::max(1.0, shortest_->admitted - rate * shortest_->span.count());
        return caution * rate;
    }
    return averaged_burst * longest_->admitted / longest_->span.count();
}

}  // namespace stagger
