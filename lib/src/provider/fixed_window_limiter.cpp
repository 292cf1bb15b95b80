#include "provider/fixed_window_limiter.hpp"

#include <algorithm>

#include "provider/rounding.hpp"

namespace stagger::provider {

fixed_window_limiter::fixed_window_limiter(const fixed_window& description, time_point origin, time_point now)
    : description_(description), origin_(origin + description.phase), window_(window_of(now)) {}

std::int64_t fixed_window_limiter::window_of(time_point now) const {
    const duration since = now - origin_;
    // Division rounds towards zero; before the first boundary it must round down as well.
    const bool below = since < duration::zero() && since % description_.window != duration::zero();
    return since / description_.window - (below ? 1 : 0);
}

duration fixed_window_limiter::until_boundary(time_point now) const {
    return (window_of(now) + 1) * description_.window - (now - origin_);
}

void fixed_window_limiter::turn(time_point now) {
    const std::int64_t current = window_of(now);
    if (current == window_) return;
    window_ = current;
    used_ = 0;
}

double fixed_window_limiter::bounded(double cost) const {
    return std::min(cost, description_.quota);
}

bool fixed_window_limiter::admits(time_point now, double cost) {
    turn(now);
    return used_ + bounded(cost) <= description_.quota + cost_tolerance;
}

void fixed_window_limiter::take(time_point now, double cost) {
    turn(now);
    used_ += bounded(cost);
}

void fixed_window_limiter::take_refused(time_point now, double cost) {
    turn(now);
    used_ = std::max(used_, std::min(description_.quota, used_ + cost));
}

void fixed_window_limiter::settle(time_point now, time_point taken, double charged, double owed) {
    turn(now);
    const double more = bounded(owed) - bounded(charged);
    if (more > 0 || window_of(taken) == window_) used_ = std::max(0.0, used_ + more);
}

duration fixed_window_limiter::wait(time_point now, double cost) {
    return admits(now, cost) ? duration::zero() : until_boundary(now);
}

limit_report fixed_window_limiter::report(time_point now) {
    turn(now);
    return {counts(), description_.quota, whole_units(description_.quota - used_), until_boundary(now)};
}

void fixed_window_limiter::take_over(fixed_window_limiter& previous, time_point now) {
    previous.turn(now);
    used_ = previous.used_;
}

}  // namespace stagger::provider
