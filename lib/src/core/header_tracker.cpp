#include "core/header_tracker.hpp"

#include <algorithm>
#include <cmath>

namespace stagger {

namespace {

constexpr seconds least_span{0.5};
constexpr double least_admitted = 8;
constexpr int most_evidence = 3;
constexpr seconds disbelief{30};
constexpr double kept_in_bucket = 4;  // so that jitter does not find it empty
constexpr seconds surplus_spent_in{1};
constexpr double over_even_spread = 1.02;  // a window's rest must not lapse
constexpr double fastest_in_flight = 16;   // requests on the way when much is left
constexpr double overshoot_of_sent = 0.05;

/// Cost sent from a time on and not refused.
double used_since(time_point from, const send_log& log) {
    double used = 0;
    for (send_number back = 1; back <= log.size() && log.remembers(log.size() - back); ++back) {
        const send_record& record = log[log.size() - back];
        if (record.sent.at < from) break;
        if (record.result != outcome::rejected) used += log.unit().of(record.sent);
    }
    return used;
}

}  // namespace

header_tracker::kind header_tracker::what() const {
    if (looks_like_window_ > 0) return kind::window;
    return looks_like_window_ < 0 ? kind::bucket : kind::unknown;
}

void header_tracker::note(const departure& sent, const limit_hint& said, bool admitted, const send_log& log,
                          seconds rtt) {
    if (!said.limit || *said.limit <= 0 || !said.remaining || *said.remaining < 0) return;
    if (latest_ && sent.number <= latest_->sent.number) return;  // overtaken by a later one
    reading now{sent, *said.limit, *said.remaining, never};
    if (said.reset) now.resets = saturating_add(sent.at, *said.reset);
    if (reference_ && sent.at > reference_->sent.at) {
        measure(now, admitted, log, rtt);
    } else {
        reference_ = now;
    }
    latest_ = now;
}

void header_tracker::measure(const reading& now, bool admitted, const send_log& log, seconds rtt) {
    const seconds span = now.sent.at - reference_->sent.at;
    const double used =
        log.admitted_between(reference_->sent, now.sent) + (admitted ? log.unit().of(now.sent) : 0);
    if (span <= std::max(least_span, 4 * rtt) || used < least_admitted) return;
    const double refilled = now.remaining - reference_->remaining + used;
    const double used_per_s = used / span.count();
    const double refill_per_s = refilled / span.count();
    constexpr double nearly_full = 0.98;
    constexpr double rounding = 1.5;
    constexpr double weight = 0.2;
    if (now.remaining < nearly_full * now.limit || refill_per_s > 0.05 * used_per_s) {
        if (std::fabs(refilled) <= rounding) {
            looks_like_window_ = std::min(most_evidence, looks_like_window_ + 1);
        } else if (refill_per_s < 3 * used_per_s + 3 && reference_->remaining < 0.95 * now.limit) {
            looks_like_window_ = std::max(-most_evidence, looks_like_window_ - 1);
            refill_per_s_ =
                refill_per_s_ ? (1 - weight) * *refill_per_s_ + weight * refill_per_s : refill_per_s;
        }
    }
    reference_ = now;
}

double header_tracker::left(time_point now, const send_log& log) const {
    if (what() == kind::window && now >= latest_->resets)
        return latest_->limit - used_since(latest_->resets, log);
    const double used = log.admitted_since(latest_->sent);
    double refilled = 0;
    if (what() == kind::bucket && refill_per_s_)
        refilled = *refill_per_s_ * to_seconds(now - latest_->sent.at);
    return std::min(latest_->limit, latest_->remaining + refilled) - used;
}

void header_tracker::check(time_point now, const send_log& log, seconds rtt, double rate) {
    constexpr double plenty = 3;
    if (latest_ && left(now, log) > plenty + 2 * rtt.count() * rate)
        disbelieved_until_ = after(now, disbelief);
}

std::optional<double> header_tracker::rate(time_point now, const send_log& log, seconds rtt,
                                           double backlog) const {
    if (!believed(now) || what() == kind::unknown) return std::nullopt;
    const double remaining = left(now, log);
    const double sent = static_cast<double>(log.size());
    const double fastest = std::max(fastest_in_flight, overshoot_of_sent * sent) / rtt.count();
    if (what() == kind::bucket) {
        if (!refill_per_s_ || *refill_per_s_ <= 0) return std::nullopt;
        const double wanted = *refill_per_s_ + (remaining - kept_in_bucket) / surplus_spent_in.count();
        return std::clamp(wanted, 0.5 * *refill_per_s_, std::max(1.5 * *refill_per_s_, fastest));
    }
    constexpr seconds usual_window{60};
    const seconds to_reset = latest_->resets > now && latest_->resets != never
                                 ? std::max(seconds(latest_->resets - now), seconds(0.05))
                                 : usual_window;
    const double spread = over_even_spread * remaining / to_reset.count();
    if (backlog + 1 <= remaining) return std::max(fastest, spread);
    constexpr double slowest_per_s = 1.0 / 60;
    return std::max(spread, slowest_per_s);
}

time_point header_tracker::opens_at(time_point now, const send_log& log, seconds rtt) const {
    if (!believed(now) || what() != kind::window || latest_->resets <= now || latest_->resets == never) {
        return time_point::min();
    }
    return left(now, log) < 1 ? after(latest_->resets, 0.5 * rtt) : time_point::min();
}

}  // namespace stagger
