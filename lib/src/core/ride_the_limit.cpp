#include "core/ride_the_limit.hpp"

#include <algorithm>

namespace stagger {

ride_the_limit::ride_the_limit(const coordinator_options& options, std::uint64_t seed)
    : random_(seed),
      pacer_(random_source(seed + 1)),
      estimator_(options.probing()),
      ceiling_(options.requests_per_minute() > 0 ? options.requests_per_minute() / 60 : 1e9),
      rate_(std::min(ceiling_, options.initial_rate())),
      probing_(options.probing()) {
    if (options.requests_per_minute() > 0) {
        rate_ = ceiling_;
        mode_ = coordinator_mode::ride;
    }
}

opening ride_the_limit::next_opening(time_point now, std::size_t) {
    if (mode_ == coordinator_mode::closed) {
        if (!probe_) return {std::max(probe_at_, gate_.opens_at()), wait_reason::closed};
        const time_point presumed = after(probe_->at, rtt_.presumed_admitted());
        if (presumed > now) return {presumed, wait_reason::closed};
        reopen(now);
    }
    const bool ramp = mode_ == coordinator_mode::ramp;
    const send_number needed = ramp ? 4 : static_cast<send_number>(0.5 / probing_);
    if (log_.size() - changed_at_ >= needed && now - last_change_ >= std::max(seconds(0.25), rtt_.mean())) {
        if (log_.last().paced) rate_ = std::min(ceiling_, rate_ * (ramp ? 2 : 1 + probing_));
        last_change_ = now;
        changed_at_ = log_.size();
    }
    const time_point slot = std::max(pacer_.next_slot(), gate_.opens_at());
    return {slot, slot > pacer_.next_slot() ? wait_reason::retry_after : wait_reason::pace};
}

departure ride_the_limit::on_send(time_point now, const cost& what) {
    if (log_.size() == 0) last_change_ = now;
    const bool paced = now - pacer_.next_slot() < seconds(1 / rate_);
    pacer_.sent(now, what.requests, rate_);
    const departure sent = log_.add(now, what.requests, rate_, ++in_flight_, paced);
    if (mode_ == coordinator_mode::closed) probe_ = sent;
    return sent;
}

void ride_the_limit::on_accepted(time_point now, const departure& sent, const hints&) {
    --in_flight_;
    log_.settle(sent, outcome::accepted, now);
    if (gate_.refuted_by(sent)) gate_.refute(now);
    if (probe_ && probe_->number == sent.number) reopen(now);
}

void ride_the_limit::on_throttled(time_point now, const departure& sent, const hints& said) {
    --in_flight_;
    log_.settle(sent, outcome::rejected, now);
    rtt_.sample(now - sent.at);
    if (said.retry_after && gate_.announce(now, sent, *said.retry_after, log_)) gate_.refute(now);
    if (mode_ == coordinator_mode::closed) {
        if (!probe_ || probe_->number != sent.number) return log_.note_rejection(sent, false);
        probe_.reset();
        gap_ = std::min(1.4 * gap_, seconds(2));
        probe_at_ = after(now, gap_ * random_.uniform(0.9, 1.1));
        return log_.note_rejection(sent, false);
    }
    const rejected_run run = run_ending_at(log_, sent);
    const bool long_gate = gate_.opens_at() > after(now, 4 * rtt_.mean());
    if (long_gate || (run.length >= 5 && sent.at - run.since >= 2 * rtt_.mean())) {
        mode_ = coordinator_mode::closed;
        probe_.reset();
        gap_ = std::max(rtt_.mean(), std::min(seconds(1), seconds(1 / rate_)));
        probe_at_ = after(now, gap_ * random_.uniform(0.9, 1.1));
        if (measured_) rate_ = *measured_;
    } else if (sent.at > last_change_ || mode_ == coordinator_mode::ramp) {
        const estimate limit = estimator_.up_to(log_, sent);
        const bool ramp = mode_ == coordinator_mode::ramp;
        if (ramp) estimator_.forget_before(sent.number);
        mode_ = limit.precise ? coordinator_mode::ride : coordinator_mode::search;
        measured_ = limit.precise ? limit.precise : measured_;
        if (limit.quick && *limit.quick < 0.8 * rate_) measured_ = limit.quick;
        cut(now, ramp ? rate_ / 2 : limit.precise ? *measured_ : 0.8 * rate_);
    }
    log_.note_rejection(sent, run.first);
}

void ride_the_limit::on_failed(time_point now, const departure& sent) {
    --in_flight_;
    log_.settle(sent, outcome::neutral, now);
    if (probe_ && probe_->number == sent.number) probe_.reset();
}

void ride_the_limit::on_abandoned(time_point now, const departure& sent) {
    on_failed(now, sent);
}

void ride_the_limit::describe(time_point, coordinator_status& status) const {
    status.mode = mode_;
    status.pace_per_s = rate_;
    status.measured_per_s = measured_;
}

void ride_the_limit::cut(time_point now, double rate) {
    rate_ = std::clamp(rate, 1.0 / 60, ceiling_);
    pacer_.skip_slot(now, rate_);
    last_change_ = now;
    changed_at_ = log_.size();
}

void ride_the_limit::reopen(time_point now) {
    mode_ = measured_ ? coordinator_mode::ride : coordinator_mode::search;
    probe_.reset();
    pacer_.skip_slot(now, rate_);
}

}  // namespace stagger
