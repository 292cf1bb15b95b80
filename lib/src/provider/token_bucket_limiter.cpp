#include "provider/token_bucket_limiter.hpp"

#include <algorithm>

#include "provider/rounding.hpp"

namespace stagger::provider {

token_bucket_limiter::token_bucket_limiter(const token_bucket& description, time_point now)
    : description_(description), level_(description.burst), refilled_(now) {}

void token_bucket_limiter::refill(time_point now) {
    if (now <= refilled_) return;
    level_ = std::min(description_.burst, level_ + description_.rate_per_s * to_seconds(now - refilled_));
    refilled_ = now;
}

double token_bucket_limiter::bounded(double cost) const {
    return std::min(cost, description_.burst);
}

bool token_bucket_limiter::admits(time_point now, double cost) {
    refill(now);
    return level_ + cost_tolerance >= bounded(cost);
}

void token_bucket_limiter::take(time_point now, double cost) {
    refill(now);
    level_ -= bounded(cost);
}

void token_bucket_limiter::take_refused(time_point now, double cost) {
    refill(now);
    level_ = std::max(0.0, level_ - bounded(cost));
}

void token_bucket_limiter::settle(time_point now, time_point, double charged, double owed) {
    refill(now);
    level_ = std::min(description_.burst, level_ + bounded(charged) - bounded(owed));
}

duration token_bucket_limiter::wait(time_point now, double cost) {
    refill(now);
    const double lacking = bounded(cost) - level_;
    if (lacking <= cost_tolerance) return duration::zero();
    // Half the tolerance is left to the rounding of the refill at the end of the wait.
    return ceil_seconds((lacking - cost_tolerance / 2) / description_.rate_per_s);
}

limit_report token_bucket_limiter::report(time_point now) {
    refill(now);
    return {counts(), description_.burst, whole_units(level_),
            ceil_seconds((description_.burst - level_) / description_.rate_per_s)};
}

void token_bucket_limiter::take_over(token_bucket_limiter& previous, time_point now) {
    previous.refill(now);
    level_ = std::min(description_.burst, previous.level_);
}

}  // namespace stagger::provider
