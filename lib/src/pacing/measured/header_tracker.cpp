#include "pacing/measured/header_tracker.hpp"

#include <algorithm>
#include <cmath>

namespace stagger {

namespace {

constexpr seconds least_span{0.5};
constexpr double least_admitted_in_span = 8;
constexpr double least_limit = 10;   // so that not all is back before enough was admitted
constexpr double whole_units = 1.5;  // `remaining` is told in whole units, at both ends
constexpr int most_evidence = 3;
constexpr double kept_of_older = 0.8;
constexpr seconds disbelief{30};
constexpr double kept_in_bucket = 4;  // so that jitter does not find it empty
constexpr seconds surplus_spent_in{1};
constexpr double over_even_spread = 1.02;  // a window's rest must not lapse
constexpr double fastest_in_flight = 16;   // requests on the way when much is left
constexpr double in_flight_of_sent = 0.05;

/// The first of the remembered sends that left at `from` or later; none if all left before.
std::optional<departure> first_since(time_point from, const send_log& log) {
    send_number low = log.size() > send_log::sends_kept ? log.size() - send_log::sends_kept : 0;
    send_number high = log.size();
    while (low < high) {
        const send_number middle = low + (high - low) / 2;
        if (log[middle].sent.at < from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == log.size()) return std::nullopt;
    return log[low].sent;
}

/// Cost sent from a time on and not refused.
double used_since(time_point from, const send_log& log) {
    const auto first = first_since(from, log);
    if (!first) return 0;
    const double used = log.admitted_since(*first);
    return log[first->number].result == outcome::rejected ? used : used + log.unit().of(*first);
}

}  // namespace

void header_tracker::note(const departure& sent, const limit_hint& said, bool admitted, const send_log& log,
                          seconds rtt) {
    if (!said.limit || *said.limit < least_limit || !said.remaining || *said.remaining < 0) return;
    reading now{sent, *said.limit, *said.remaining, never};
    if (said.reset) now.resets = saturating_add(sent.at, *said.reset);
    if (admitted && (!reference_ || sent.number > reference_->sent.number)) {
        if (reference_ && sent.at > reference_->sent.at) {
            measure(now, log, rtt);
        } else {
            reference_ = now;
        }
    }
    // Answers overtake each other.
    if (!latest_ || sent.number > latest_->sent.number) latest_ = now;
    if (kind_ != kind::sliding_window) return;
    const double own =
        used_since(after(latest_->sent.at, -*window_), log) - log.admitted_since(latest_->sent);
    not_used_by_others_ = std::min(latest_->limit, latest_->remaining + own);
}

void header_tracker::measure(const reading& now, const send_log& log, seconds rtt) {
    const bool all_was_back = reference_->resets <= now.sent.at;
    if (all_was_back && kind_ != kind::bucket) {  // how much was used before, nobody knows
        if (kind_ == kind::fixed_window && now.resets != never) {
            // The same end, told twice, differs by what the way takes.
            const seconds apart = now.resets - reference_->resets;
            if (apart > 2 * rtt) window_ = window_ ? std::min(*window_, apart) : apart;
        }
        reference_ = now;
        return;
    }
    const seconds span = now.sent.at - reference_->sent.at;
    const double used = log.admitted_between(reference_->sent, now.sent) + log.unit().of(now.sent);
    if (span <= std::max(least_span, 4 * rtt) || used < least_admitted_in_span) return;
    const double refilled = now.remaining - reference_->remaining + used;
    if (all_was_back) {
        refilled_at_least(span, refilled);
        reference_ = now;
        return;
    }
    const kind seen = kind_by(now, refilled);
    if (seen != kind::unknown) vote(seen);
    if (seen == kind::bucket) refilled_between(*reference_, now, refilled);
    if (kind_ == kind::sliding_window && seen == kind_) window_ = now.resets - now.sent.at;
    reference_ = now;
}

header_tracker::kind header_tracker::kind_by(const reading& now, double refilled) const {
    const seconds span = now.sent.at - reference_->sent.at;
    const bool told_resets = now.resets != never && reference_->resets != never;
    constexpr double about = 0.25;
    const seconds moved = told_resets ? seconds(now.resets - reference_->resets) : seconds(0);
    const bool with_the_clock = std::fabs((moved - span).count()) <= about * span.count();
    if (refilled > whole_units) {
        // What leaves a sliding window again is no refill.
        return kind_ == kind::sliding_window && with_the_clock ? kind::unknown : kind::bucket;
    }
    if (refilled < -whole_units) return kind::unknown;
    if (std::fabs(moved.count()) <= about * span.count()) return kind::fixed_window;
    return with_the_clock ? kind::sliding_window : kind::unknown;
}

void header_tracker::vote(kind seen) {
    if (seen == kind_) {
        evidence_ = std::min(most_evidence, evidence_ + 1);
    } else if (--evidence_ < 0) {
        kind_ = seen;
        evidence_ = 1;
        window_.reset();
        refilled_ = measured_s_ = 0;
    }
}

// The ratio of sums, since what one span rounds down the next one rounds up.
void header_tracker::refilled_between(const reading& from, const reading& to, double amount) {
    const seconds span = to.sent.at - from.sent.at;
    // A bucket that may have been full refilled more than was seen.
    if (std::max(from.remaining, to.remaining) >= to.limit - 2) return refilled_at_least(span, amount);
    refilled_in(span, amount);
}

void header_tracker::refilled_in(seconds span, double amount) {
    refilled_ = kept_of_older * refilled_ + amount;
    measured_s_ = kept_of_older * measured_s_ + span.count();
}

/// Tells of a refill that is faster than was known: else a bucket that was slow for a while would be left
/// full ever after.
void header_tracker::refilled_at_least(seconds span, double amount) {
    if (measured_s_ > 0 && amount * measured_s_ > refilled_ * span.count()) refilled_in(span, amount);
}

/// When the fixed window that contains `now` ends, as far as is known.
time_point header_tracker::window_ends(time_point now) const {
    time_point ends = latest_->resets;
    if (ends > now || !window_ || *window_ <= seconds(0)) return ends;
    const double windows = std::floor(seconds(now - ends) / *window_) + 1;
    return after(ends, windows * *window_);
}

double header_tracker::left(time_point now, const send_log& log) const {
    const double used = log.admitted_since(latest_->sent);
    switch (kind_) {
        case kind::fixed_window: {
            if (now < latest_->resets) break;
            const time_point ends = window_ends(now);
            return latest_->limit - used_since(ends > now ? after(ends, -*window_) : latest_->resets, log);
        }
        case kind::sliding_window:
            return not_used_by_others_ - used_since(after(now, -*window_), log);
        case kind::bucket:
            if (measured_s_ <= 0) break;
            return std::min(latest_->limit, latest_->remaining - used +
                                                refilled_ / measured_s_ * to_seconds(now - latest_->sent.at));
        case kind::unknown:
            break;
    }
    return latest_->remaining - used;
}

void header_tracker::check(time_point now, const send_log& log, seconds rtt, double rate) {
    constexpr double plenty = 3;
    if (latest_ && left(now, log) > plenty + 2 * rtt.count() * rate)
        disbelieved_until_ = after(now, disbelief);
}

double header_tracker::bucket_rate(double remaining, double fastest) const {
    const double refill_per_s = refilled_ / measured_s_;
    const double kept = std::min(kept_in_bucket, latest_->limit / 2);
    const double wanted = refill_per_s + (remaining - kept) / surplus_spent_in.count();
    return std::clamp(wanted, 0.5 * refill_per_s, std::max(1.5 * refill_per_s, fastest));
}

std::optional<double> header_tracker::rate(time_point now, const send_log& log, seconds rtt,
                                           double backlog) const {
    if (!believed(now)) return std::nullopt;
    const double remaining = left(now, log);
    const double sent = static_cast<double>(log.size());
    const double fastest = std::max(fastest_in_flight, in_flight_of_sent * sent) / rtt.count();
    constexpr double slowest_per_s = 1.0 / 60;
    double spread = slowest_per_s;
    switch (kind_) {
        case kind::bucket:
            if (refilled_ <= 0) return std::nullopt;
            return bucket_rate(remaining, fastest);
        case kind::fixed_window: {
            constexpr seconds usual_window{60};
            const time_point ends = window_ends(now);
            const seconds to_end =
                ends > now && ends != never ? std::max(seconds(ends - now), seconds(0.05)) : usual_window;
            spread = over_even_spread * remaining / to_end.count();
            break;
        }
        case kind::sliding_window:
            spread = not_used_by_others_ / window_->count();
            break;
        case kind::unknown:
            return std::nullopt;
    }
    if (backlog + 1 <= remaining) return std::max(fastest, spread);
    return std::max(spread, slowest_per_s);
}

time_point header_tracker::opens_at(time_point now, const send_log& log, seconds rtt) const {
    if (!believed(now) || kind_ == kind::bucket || left(now, log) >= 1) return time_point::min();
    if (kind_ == kind::fixed_window) {
        const time_point ends = window_ends(now);
        return ends > now && ends != never ? after(ends, 0.5 * rtt) : time_point::min();
    }
    const auto oldest = first_since(after(now, -*window_), log);
    return oldest ? after(oldest->at, *window_ + 0.5 * rtt) : time_point::min();
}

}  // namespace stagger
