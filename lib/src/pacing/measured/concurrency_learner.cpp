#include "pacing/measured/concurrency_learner.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace stagger {

namespace {

constexpr std::size_t most_samples = 8;
constexpr std::size_t least_samples = 6;
constexpr send_number looked_at = 800;              // latest sends
constexpr send_number overlooked_rejections = 512;  // sends to look back for rejections under way
constexpr double spread_always_allowed = 3;
constexpr double spread_allowed_of_few = 0.25;
constexpr double most_admitted_above = 0.15;
constexpr unsigned least_admitted = 8;

struct samples {
    std::array<unsigned, most_samples> in_flight{};
    std::array<departure, most_samples> onsets{};  // the newest first
    std::size_t count = 0;

    const departure& newest() const { return onsets[0]; }
    const departure& oldest() const { return onsets[count - 1]; }
};

/// The latest onsets, one of each round trip.
samples latest_onsets(const send_log& log, seconds rtt) {
    samples found;
    const send_number from = log.size() > looked_at ? log.size() - looked_at : 0;
    for (auto each = log.rejections().rbegin(); each != log.rejections().rend(); ++each) {
        const departure& sent = each->sent;
        if (sent.number < from || found.count == most_samples) break;
        if (!each->onset) continue;
        if (found.count > 0 && found.oldest().at - sent.at < 2 * rtt) continue;
        found.in_flight[found.count] = admitted_in_flight(log, sent.number, rtt);
        found.onsets[found.count++] = sent;
    }
    return found;
}

/// Whether a limited rate explains the onsets: between two of them it admits the rate times the span, give or
/// take one. Completions are not that regular, unless every request takes the same time; then either theory
/// will do.
bool explained_by_rate(const send_log& log, const samples& found, seconds rtt) {
    const seconds span = found.newest().at - found.oldest().at;
    double admitted = 0;
    for (std::size_t each = 1; each < found.count; ++each) {
        admitted += log.admitted_between(found.onsets[each], found.onsets[each - 1]);
    }
    const double intervals = static_cast<double>(found.count - 1);
    constexpr double telling = 10;  // with fewer between two onsets the theories do not differ
    if (admitted < telling * intervals) return false;
    const double rate = admitted / span.count();
    double squares = 0;
    for (std::size_t each = 1; each < found.count; ++each) {
        const departure& from = found.onsets[each];
        const departure& to = found.onsets[each - 1];
        const double expected = rate * seconds(to.at - from.at).count();
        squares += std::pow(log.admitted_between(from, to) - expected, 2);
    }
    constexpr double trip_jitter = 0.1;
    const double deviation = std::sqrt(squares / intervals);
    return deviation <= 1 + trip_jitter * rate * rtt.count();
}

/// Whether next to nothing was admitted while that many were in flight.
bool bounds_admissions(const send_log& log, send_number from, unsigned in_flight, time_point now,
                       const round_trip& rtt) {
    unsigned admitted = 0;
    unsigned above = 0;
    for (send_number each = from; each < log.size(); ++each) {
        const send_record& record = log[each];
        const bool presumed =
            record.result == outcome::pending && now - record.sent.at > rtt.presumed_admitted();
        if (record.result != outcome::accepted && !presumed) continue;
        ++admitted;
        if (admitted_in_flight(log, each, rtt.mean()) >= in_flight) ++above;
    }
    return admitted >= least_admitted && above <= most_admitted_above * admitted;
}

}  // namespace

unsigned admitted_in_flight(const send_log& log, send_number at, seconds rtt) {
    const send_record& record = log[at];
    unsigned count = record.in_flight;
    for (send_number back = 1; back <= overlooked_rejections && back <= at; ++back) {
        if (!log.remembers(at - back)) break;
        const send_record& before = log[at - back];
        if (record.sent.at - before.sent.at >= 4 * rtt) break;
        if (before.result == outcome::rejected && before.settled > record.sent.at && count > 0) --count;
    }
    return count;
}

bool concurrency_learner::learn(time_point now, const send_log& log, const round_trip& rtt, seconds service) {
    if (now < not_before_) return false;
    samples found = latest_onsets(log, rtt.mean());
    if (found.count < least_samples) return false;
    const seconds span = found.newest().at - found.oldest().at;
    if (span < 0.5 * service || explained_by_rate(log, found, rtt.mean())) return false;
    const auto end = found.in_flight.begin() + static_cast<std::ptrdiff_t>(found.count);
    std::sort(found.in_flight.begin(), end);
    const unsigned median = found.in_flight[found.count / 2];
    const double spread = *(end - 1) - found.in_flight.front();
    const send_number oldest = found.oldest().number;
    const double sends_a_trip =
        rtt.mean() / std::max(span, seconds(1e-3)) * static_cast<double>(log.size() - oldest);
    // By chance a few in flight are always about as many.
    const double allowed = std::clamp(spread_allowed_of_few * median, 1.0, spread_always_allowed);
    if (spread > allowed + sends_a_trip) return false;
    if (!bounds_admissions(log, oldest, median, now, rtt)) return false;
    window_ = learned_ = std::max(1u, median);
    confirmed_ = true;
    remembered_ = false;
    last_cut_ = now;
    clean_ = too_low_ = 0;
    growth_ = 1;
    return true;
}

bool concurrency_learner::contradicted(double in_flight) const {
    constexpr double most_far_below = 6;
    constexpr double least_of_learned = 0.6;
    return too_low_ > most_far_below || in_flight <= 1 || *window_ < least_of_learned * learned_ - 1;
}

bool concurrency_learner::rate_is_likelier(const send_log& log, seconds rtt) const {
    if (!remembered_) return false;  // `learn` has looked at that
    const samples found = latest_onsets(log, rtt);
    return found.count >= least_samples && explained_by_rate(log, found, rtt);
}

bool concurrency_learner::cut(time_point now, const departure& rejected, const send_log& log,
                              const round_trip& rtt) {
    if (rejected.at <= last_cut_) return true;  // of the round that was cut already
    if (!log.remembers(rejected.number)) return true;
    const double in_flight = admitted_in_flight(log, rejected.number, rtt.mean());
    constexpr double far_below = 0.9;
    if (confirmed_) {
        too_low_ = in_flight < far_below * *window_ ? too_low_ + 1 : 0.8 * too_low_;
        window_ = std::max(1.0, std::min(*window_ - 1, std::max(in_flight, 0.5 * *window_)));
    } else {
        window_ = learned_ = std::max(1.0, std::min(*window_, in_flight) - 1);
        confirmed_ = true;
    }
    last_cut_ = now;
    clean_ = 0;
    growth_ = 1;
    if (!contradicted(in_flight) && !rate_is_likelier(log, rtt.mean())) return true;
    drop(now);
    return false;
}

void concurrency_learner::drop(time_point now) {
    window_.reset();
    not_before_ = after(now, hold_off_);
    hold_off_ *= 2;
}

void concurrency_learner::admitted(const send_record& sent, bool may_grow) {
    if (sent.in_flight < *window_ - 1) return;  // it did not fill the window and proves nothing
    if (!may_grow) return;
    constexpr double sends_per_further_growth = 16;
    constexpr double least_sends_to_double = 4;
    if (!confirmed_) {
        if (++clean_ < std::max(least_sends_to_double, 0.5 * *window_)) return;
        *window_ *= 2;
        clean_ = 0;
        return;
    }
    const double needed = growth_ > 1 ? sends_per_further_growth : std::max(1 / probing_, 0.25 * *window_);
    if (++clean_ < needed) return;
    *window_ += std::min(growth_, 0.25 * *window_ + 1);
    growth_ *= 2;
    clean_ = 0;
}

}  // namespace stagger
