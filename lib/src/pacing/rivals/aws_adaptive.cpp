#include "pacing/rivals/aws_adaptive.hpp"

#include <algorithm>

namespace stagger {

opening aws_adaptive::next_opening(time_point now, const line_view& line) {
    const opening place = tasks_.next_opening(now, line);
    if (!paces_ || place.at > now) return place;
    const time_point enough = bucket_.available_at(now, line.head.requests);
    return {enough, enough > now ? wait_reason::pace : wait_reason::none};
}

departure aws_adaptive::on_send(time_point now, const cost& what) {
    if (!rates_) rates_.emplace(now);
    if (paces_) bucket_.take(now, what.requests);
    return tasks_.on_send(now, what);
}

void aws_adaptive::on_accepted(time_point now, const departure&, const hints&) {
    rates_->measured.record(now);
    set_rate(now, rates_->wanted.after_success(now));
}

void aws_adaptive::on_throttled(time_point now, const departure&, const hints&) {
    const double measured = rates_->measured.record(now);
    const double sending = paces_ ? std::min(measured, bucket_.rate_per_s()) : measured;
    const double wanted = rates_->wanted.after_error(now, sending);
    paces_ = true;
    set_rate(now, wanted);
}

void aws_adaptive::set_rate(time_point now, double wanted_per_s) {
    const double rate = std::min(wanted_per_s, most_over_measured * rates_->measured.per_s());
    bucket_.change(now, std::max(rate, 1.0), std::max(rate, least_per_s));
}

void aws_adaptive::describe(time_point, coordinator_status& status) const {
    if (!paces_) return;
    status.mode = coordinator_mode::ride;
    status.pace_per_s = bucket_.rate_per_s();
}

}  // namespace stagger
