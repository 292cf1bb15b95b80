#include "pacing/measured/climb.hpp"

#include <algorithm>
#include <cmath>

#include "pacing/measured/rate_estimator.hpp"

namespace stagger {

namespace {

constexpr double slowest_rate_per_s = 1.0 / 60;

// Two trips and a half tell whether the last doubling was refused. Where the way is long, what is on it when
// the first refusal comes back is at most three quarters of all that was sent.
constexpr double trips_per_doubling = 2.5;
constexpr double least_trips_per_doubling = 0.5;
// Timers keep up with that.
constexpr seconds fastest_doubling{0.01};

// Requests on the way when the first rejection of a growth comes back: a handful, or a small part of what has
// been admitted before, so that the waste of finding the limit stays a small part of the work.
constexpr double overshoot_requests = 16;
constexpr double overshoot_of_sent = 0.05;
// Of a ramp: a quarter of what was sent before, so that what a limit refuses of it stays less than what it
// admitted; or a hundredth of all that is known to come, which is the waste that is aimed at anyhow.
constexpr double unproven_of_sent = 0.25;
constexpr double unproven_of_job = 0.01;

constexpr send_number least_sends_to_double = 4;
constexpr double most_doublings_at_once = 2;

constexpr double search_step = 0.1;
constexpr double sends_per_search_step = 16;

// At low rates processes that share a limit would need minutes to even out without it.
constexpr seconds steps_at_least_every{5};
constexpr send_number least_sends_per_search_step = 8;
constexpr seconds steps_when_slow{2};
constexpr send_number least_sends_when_slow = 3;
// Every few steps end in a rejection: evening out may not cost more than one in so many requests.
constexpr send_number least_sends_per_step = 30;
constexpr double big_step = 0.3;
constexpr double past_usual_run = 1.5;

constexpr double most_patience = 4;
constexpr double patience_factor = 1.15;
constexpr double tolerated_waste = 1.2;  // of `probing`

}  // namespace

void typical_run::add(double admitted, seconds span) {
    admitted_of_[count_ % 3] = admitted;
    span_s_of_[count_ % 3] = span.count();
    ++count_;
    admitted_ = median(admitted_of_);
    span_ = seconds(median(span_s_of_));
}

double typical_run::median(const last_three& values) const {
    if (count_ < 3) return std::max(values[0], values[1]);
    last_three sorted = values;
    std::sort(sorted.begin(), sorted.end());
    return sorted[1];
}

void climb::cut(time_point now, double rate, const send_log& log) {
    base_ = std::max(slowest_rate_per_s, rate);
    above_ = 0;
    steps_ = 0;
    since_step_ = {log.size(), now};
}

void climb::restart(time_point now, const send_log& log) {
    steps_ = 0;
    since_step_ = since_rejection_ = {log.size(), now};
}

void climb::note_waste(double recent_waste) {
    const double factor = recent_waste > tolerated_waste * probing_ ? patience_factor : 1 / patience_factor;
    patience_ = std::clamp(patience_ * factor, 1.0, most_patience);
}

void climb::ramp(time_point now, const send_log& log, const round_trip& rtt, double backlog,
                 seconds doubles_every) {
    if (ramp_.sends == 0) {
        ramp_ = {log.size(), now};
        return;
    }
    const seconds trip = rtt.mean();
    const seconds told = trips_per_doubling * trip;
    const bool patient = doubles_every > ramp_doubles_every;  // something is remembered
    const seconds period =
        patient
            ? std::max(doubles_every, told)
            : std::max({fastest_doubling, std::min(doubles_every, told), least_trips_per_doubling * trip});
    if (now - ramp_.at < period || log.size() - ramp_.sends < least_sends_to_double) return;
    if (log.last().paced) {
        const double doublings = std::min(most_doublings_at_once, (now - ramp_.at) / period);
        before_step_ = rate();
        const double sent = static_cast<double>(log.size());
        const double unproven =
            std::max({overshoot_requests, unproven_of_sent * sent, unproven_of_job * (sent + backlog)});
        raise_to(std::min(base_ * std::exp2(doublings), unproven / trip.count()));
    }
    ramp_ = {log.size(), now};
}

void climb::search(time_point now, const send_log& log, const round_trip& rtt) {
    step next{};
    next.needed = steps_ == 0 ? rate_estimator::least_admitted : sends_per_search_step;
    next.or_after = steps_at_least_every;
    next.least_sends = least_sends_per_search_step;
    next.size = search_step;
    next.doublings = steps_;
    // So slow that a step would take minutes.
    constexpr double slow_per_s = 0.5;
    if (rate() < slow_per_s) {
        next.or_after = steps_when_slow;
        next.least_sends = least_sends_when_slow;
        next.doublings = std::min(steps_, 1u);
    }
    take(next, now, log, rtt);
}

void climb::ride(time_point now, const send_log& log, const round_trip& rtt, double price) {
    take(next_ride_step(now, log, price), now, log, rtt);
}

double climb::usual_admitted() const {
    return std::max(1 / probing_, usual_.known() ? usual_.admitted() : 0);
}

bool climb::run_is_longer_than_usual(time_point now, const send_log& log) const {
    const double run = static_cast<double>(log.size() - since_rejection_.sends);
    const seconds usual_span = std::max(steps_at_least_every, past_usual_run * usual_.span());
    return !usual_.known() || run >= past_usual_run * usual_admitted() ||
           now - since_rejection_.at >= usual_span;
}

climb::step climb::next_ride_step(time_point now, const send_log& log, double price) const {
    step next{};
    next.or_after = price * steps_at_least_every;
    next.least_sends = least_sends_per_step;
    if (steps_ == 0) {
        next.needed = 0.5 * patience_ / probing_;
        next.size = probing_;
    } else if (steps_ >= 2 && !run_is_longer_than_usual(now, log)) {
        next.needed = 1 / probing_;
        next.size = probing_;
        next.counts = false;
    } else {
        // By then a pace this far above the limit has used up what a bucket of the usual size had saved.
        const double quarter = 0.25 * usual_admitted();
        next.needed = std::clamp(1 / std::max(above_, probing_), std::max(sends_per_search_step, quarter),
                                 std::max(1 / probing_, quarter));
        next.size = probing_;
        next.doublings = steps_ - 1;
    }
    next.needed *= price;
    return next;
}

void climb::take(const step& next, time_point now, const send_log& log, const round_trip& rtt) {
    const send_number sends = log.size() - since_step_.sends;
    const bool too_few = static_cast<double>(sends) < next.needed;
    if (too_few && sends < next.least_sends) return;
    const seconds waited = now - since_step_.at;
    if (too_few && waited < next.or_after) return;
    if (waited < 1.5 * rtt.mean()) return;  // the last step's rejection could still be on its way
    if (above_ >= 1 && waited < 2 * ramp_doubles_every) return;
    since_step_ = {log.size(), now};

    const double run = static_cast<double>(log.size() - since_rejection_.sends);
    const double most = std::max(overshoot_requests, 0.5 * overshoot_of_sent * run) / rtt.mean().count();
    const double size = next.size * std::exp2(next.doublings);
    if (!log.last().paced || (size >= big_step && rate() >= most)) return;
    before_step_ = rate();
    above_ += std::min(1.0, size);
    if (next.counts) ++steps_;
    if (above_ >= 1) {  // the base is far behind: the same rate, as half above a new base
        const double reached = rate();
        above_ = 0.5;
        base_ = reached / (1 + above_);
    }
}

}  // namespace stagger
