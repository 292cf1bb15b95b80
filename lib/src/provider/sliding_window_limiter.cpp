#include "provider/sliding_window_limiter.hpp"

#include <algorithm>
#include <utility>

#include "provider/rounding.hpp"

namespace stagger::provider {

sliding_window_limiter::sliding_window_limiter(const sliding_window& description, time_point)
    : description_(description) {}

void sliding_window_limiter::forget(time_point now) {
    while (!log_.empty() && now - log_.front().at >= description_.window) {
        used_ -= log_.front().cost;
        log_.pop_front();
    }
    if (log_.empty()) used_ = 0;  // rounding errors end with the entries that made them
}

double sliding_window_limiter::bounded(double cost) const {
    return std::min(cost, description_.quota);
}

bool sliding_window_limiter::admits(time_point now, double cost) {
    forget(now);
    return used_ + bounded(cost) <= description_.quota + cost_tolerance;
}

void sliding_window_limiter::take(time_point now, double cost) {
    if (cost == 0) return;
    log_.push_back({now, bounded(cost)});
    used_ += log_.back().cost;
}

void sliding_window_limiter::take_refused(time_point now, double cost) {
    forget(now);
    take(now, cost);
    // Entries older than a full quota of newer ones leave before those do, and so never decide: without them
    // the log stays as short as the quota however fast refused requests come.
    while (used_ - log_.front().cost >= description_.quota) {
        used_ -= log_.front().cost;
        log_.pop_front();
    }
}

void sliding_window_limiter::settle(time_point now, time_point taken, double charged, double owed) {
    forget(now);
    const double more = bounded(owed) - bounded(charged);
    if (more >= 0) return take(now, more);
    const auto earlier = [](const entry& logged, time_point at) { return logged.at < at; };
    auto found = std::lower_bound(log_.begin(), log_.end(), taken, earlier);
    while (found != log_.end() && found->at == taken && found->cost != bounded(charged)) ++found;
    if (found == log_.end() || found->at != taken) return;
    used_ += more;
    found->cost += more;
    if (found->cost <= 0) log_.erase(found);
}

duration sliding_window_limiter::wait(time_point now, double cost) {
    if (admits(now, cost)) return duration::zero();
    double excess = used_ + bounded(cost) - description_.quota;
    for (const entry& logged : log_) {
        excess -= logged.cost;
        if (excess <= cost_tolerance) return logged.at + description_.window - now;
    }
    return description_.window;
}

limit_report sliding_window_limiter::report(time_point now) {
    forget(now);
    return {counts(), description_.quota, whole_units(description_.quota - used_),
            log_.empty() ? duration::zero() : log_.back().at + description_.window - now};
}

void sliding_window_limiter::take_over(sliding_window_limiter& previous, time_point now) {
    log_ = std::move(previous.log_);
    used_ = previous.used_;
    forget(now);
}

}  // namespace stagger::provider
