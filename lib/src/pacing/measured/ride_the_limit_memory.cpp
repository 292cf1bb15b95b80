// What ride_the_limit begins with after an earlier run, and what it hands to the next one.

#include <algorithm>
#include <cmath>
#include <utility>

#include "pacing/measured/ride_the_limit.hpp"

namespace stagger {

namespace {

// The server may admit far more than it did when it was last measured. A second is enough to notice that the
// remembered rate is not rejected, and by doubling soon enough to leave it behind.
constexpr seconds doubted_after{1};
// A rejection that starts a lockout costs more than a slow start.
constexpr double doubted_after_silences = 10;

}  // namespace

void ride_the_limit::remember(const remembered_limits& limits, memory_age age) {
    memory_ = limits;
    if (limits.kind == limit_kind::none) {
        // Nothing to test and nothing to go back to: the ramp begins further up.
        if (!budget_.limits_requests()) climb_.raise_to(limits.rate_per_s);
        return;
    }
    rate_is_remembered_ = !budget_.limits_requests();
    const bool is_old = age == memory_age::unknown;
    if (rate_is_remembered_ && testing_.allowed() && is_old) doubt_ = doubted_after;
    switch (limits.kind) {
        case limit_kind::rate:
            return;
        case limit_kind::window:
            if (limits.quota) windows_.remember(*limits.quota);
            return;
        case limit_kind::concurrency:
            concurrency_.remember(std::max(1.0, std::floor(*limits.in_flight)));
            assumed_service_ = seconds(*limits.in_flight / limits.rate_per_s);
            return;
        case limit_kind::lockout:
            if (doubt_) doubt_ = std::max(doubted_after, doubted_after_silences * seconds(*limits.silence));
            return lockout_.remember(*limits.silence, limits.burst);
        case limit_kind::none:
            return;
    }
}

void ride_the_limit::begin(time_point now) {
    climb_.restart(now, log_);
    finish_in_this_window();
}

/// Once more was admitted than the memory explains, it is as good as none, and the pace ramps up as in a cold
/// start. Only a lockout still goes at its own measure: a rejection costs more there than a slow start.
seconds ride_the_limit::doubles_every() const {
    const bool patient = lockout_.suspected() || explained_by_memory(log_.last().sent, climb_.rate());
    return patient ? *doubt_ : climb::ramp_doubles_every;
}

/// Whether what was admitted until a send without a rejection is no more than the remembered rate and what
/// the server had saved.
bool ride_the_limit::explained_by_memory(const departure& last, double pace) const {
    constexpr double doubled_once = 2.01;
    if (!memory_->burst) return pace <= doubled_once * *measured_;
    constexpr double generous = 1.5;
    const double refilled = memory_->rate_per_s * seconds(last.at - opened_.at).count();
    return last.cost_before - refilled <= generous * *memory_->burst;
}

/// The first rejection after the remembered rate was doubled. True where there is nothing to search for, and
/// the pace went back to it.
bool ride_the_limit::memory_was_right(time_point now, const departure& rejected) {
    if (!std::exchange(doubt_, std::nullopt) || mode_ != mode::ride) return false;
    const double pace = rate(now);
    if (pace <= *measured_) return false;
    if (!explained_by_memory(rejected, pace)) {
        mode_ = mode::ramp;
        return false;
    }
    until_first_rejection_ = open_run{rejected.cost_before, seconds(rejected.at - opened_.at)};
    estimator_.forget_before(rejected.number);
    cut(now, (1 - probing_) * memory_->rate_per_s);
    pacer_.pause(after(now, rtt_.mean()));
    return true;
}

// A window's quota suffices for all that waits: nothing is gained by spreading it.
void ride_the_limit::finish_in_this_window() {
    constexpr double safe_part = 0.9;
    if (!windows_.quota() || backlog_ >= safe_part * *windows_.quota()) return;
    constexpr double on_the_way = 4;
    mode_ = mode::ramp;
    climb_.begin_ramp();
    climb_.raise_to(std::min(on_the_way / rtt_.mean().count(), 2 * backlog_));
}

std::optional<double> ride_the_limit::learned_rate() const {
    if (by_share_) return std::nullopt;  // how far above the limit that is, is not known
    const bool rejected = !log_.rejections().empty();
    const bool behind_lockout = rejected && lockout_.suspected() && !budget_.limits_requests();
    if (measured_ && (!provisional_ || behind_lockout)) return measured_;
    // Rejections were too few to measure, but the pace that was found held for a while.
    if (!measured_ && rejected && !closed()) {
        const send_number since = log_.size() - log_.rejections().back().sent.number - 1;
        if (static_cast<double>(since) >= rate_estimator::least_admitted) return climb_.base();
    }
    // No rejection came, but what was remembered is too low: as far as it was admitted above that.
    const double admitted = climb_.rate_before_step();
    const bool has_limit = memory_ && memory_->kind != limit_kind::none;
    if (!rejected && has_limit && admitted > memory_->rate_per_s) return admitted;
    return std::nullopt;
}

/// The pace up to which there is no limit, where it is above what this run began with.
std::optional<double> ride_the_limit::admitted_without_limit() const {
    const std::optional<double> admitted = unmet_.admitted_per_s();
    const double began_at = std::max(climb_.initial(), memory_ ? memory_->rate_per_s : 0);
    if (!admitted || budget_.limits_requests() || *admitted <= began_at) return std::nullopt;
    return std::min(*admitted, climb::fastest_per_s);
}

std::optional<remembered_limits> ride_the_limit::learned(time_point) const {
    remembered_limits found;
    found.rejections = log_.rejections().size();
    if (concurrency_.limits()) {
        if (!concurrency_.confirmed() || !service_) return std::nullopt;
        found.kind = limit_kind::concurrency;
        found.in_flight = std::floor(concurrency_.window());
        found.rate_per_s = *found.in_flight / std::max(1e-3, service_->count());
        return found;
    }
    const std::optional<double> rate = learned_rate();
    if (!rate) {
        const std::optional<double> admitted = admitted_without_limit();
        if (!admitted) return std::nullopt;
        found.kind = limit_kind::none;
        found.rate_per_s = *admitted;
        return found;
    }
    found.rate_per_s = *rate;
    if (lockout_.suspected()) {
        found.kind = limit_kind::lockout;
        found.silence = std::chrono::ceil<duration>(lockout_.silence());
        found.burst = lockout_.burst();
    } else if (windows_.quota()) {
        found.kind = limit_kind::window;
        found.quota = windows_.quota();
        found.window = from_seconds(*found.quota / *rate);
    } else if (until_first_rejection_) {
        // What a ramp got beside the refill.
        const open_run& ramp = *until_first_rejection_;
        found.burst = std::max(1.0, ramp.admitted - *rate * ramp.span.count());
    }
    return found;
}

}  // namespace stagger
