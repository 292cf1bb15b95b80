#include "pacing/measured/window_learner.hpp"

#include <cmath>

#include "pacing/measured/rate_estimator.hpp"

namespace stagger {

namespace {

constexpr seconds noticeably_closed{0.3};
// A bucket seldom saves more than it refills in this.
constexpr seconds most_saved{2};
constexpr double saved_slots = 8;
constexpr double closed_part = 0.05;
constexpr double closed_slots = 5;
constexpr double least_quota = 10;
// A closed time soon after a reopening may be chance; only the fourth in a row halves the rate.
constexpr int short_cycles_forgiven = 3;

}  // namespace

bool window_learner::is_whole(const cycle& done) {
    return done.first || done.admitted >= rate_estimator::least_admitted;
}

bool window_learner::is_window_like(const cycle& done) {
    const seconds slot = done.span / std::max(1.0, done.admitted);
    // Whatever a bucket may have saved: at the start far more was admitted than it refills in so long.
    const seconds saved_slot = (most_saved + done.span) / std::max(1.0, done.admitted);
    const seconds noticeable =
        done.first ? std::min(noticeably_closed, saved_slots * saved_slot) : noticeably_closed;
    return done.closed > std::max({noticeable, closed_part * done.span, closed_slots * slot});
}

double window_learner::reopened(const cycle& done, double current) {
    if (is_window_like(done) && done.admitted > least_quota) quota_ = done.admitted;
    if (!is_whole(done)) {
        ++short_cycles_;
        const double known = best();
        if (known <= 0) return 0.5 * current;
        const int halvings = std::max(0, static_cast<int>(short_cycles_) - short_cycles_forgiven);
        return known * std::exp2(-halvings);
    }
    if (is_window_like(done))
        shortest_span_ = shortest_span_ > seconds(0) ? std::min(shortest_span_, done.span) : done.span;
    const double rate = done.admitted / done.span.count();
    if (!done.first) rates_[cycles_++ % rates_.size()] = rate;
    short_cycles_ = 0;
    return std::max(best(), cycles_ > 0 ? 0.0 : rate);
}

bool window_learner::used_up_by(double admitted) const {
    constexpr double about = 0.05;
    return quota_ && std::fabs(admitted - *quota_) <= about * *quota_;
}

void window_learner::check(double admitted) {
    if (!quota_) return;
    constexpr int believed_contradictions = 3;
    constexpr double meaningful = 3;
    if (admitted >= 0.5 * *quota_) {
        contradictions_ = 0;
    } else if (admitted > meaningful && ++contradictions_ >= believed_contradictions) {
        quota_.reset();
    }
}

}  // namespace stagger
