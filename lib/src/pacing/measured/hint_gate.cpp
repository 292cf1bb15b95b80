#include "pacing/measured/hint_gate.hpp"

#include <algorithm>

namespace stagger {

namespace {

// A request admitted in the last fifth may have been helped by rounding and by the way there and back.
constexpr double early_part = 0.8;
// After ten minutes the server may have been changed.
constexpr seconds ignore_for{600};
// A hint much longer than the refuted one speaks of something else.
constexpr double much_longer = 2;
constexpr seconds rounding_of_hints{0.1};

}  // namespace

bool hint_gate::announcement::well_before_end(time_point at) const {
    return seconds(at - rejected.at) < early_part * retry_after;
}

bool hint_gate::announce(time_point now, const departure& rejected, seconds retry_after,
                         const send_log& log) {
    if (now < ignore_until_ && retry_after <= ignored_up_to_) return false;
    last_ = announcement{rejected, retry_after};
    for (send_number later = rejected.number + 1; log.remembers(later); ++later) {
        if (!last_->well_before_end(log[later].sent.at)) break;
        if (log[later].result == outcome::accepted) return true;
    }
    opens_at_ = std::max(opens_at_, after(now, retry_after));
    return false;
}

void hint_gate::refute(time_point now) {
    ignore_until_ = after(now, ignore_for);
    if (last_) ignored_up_to_ = much_longer * last_->retry_after + rounding_of_hints;
    opens_at_ = time_point::min();
    last_.reset();
}

std::optional<time_point> hint_gate::trial_at(time_point now, seconds rtt) const {
    constexpr double latest_fraction = 0.5;
    // Where impatience is punished, a knock right after the rejection costs most.
    constexpr seconds long_wait{3};
    constexpr seconds least_patience{1};
    const seconds announced = opens_at_ - now;
    seconds wait = trial_fraction_ * announced;
    if (trial_fraction_ > latest_fraction || wait <= 2 * rtt) return std::nullopt;
    if (announced >= long_wait) wait = std::max(wait, least_patience);
    return after(now, wait);
}

}  // namespace stagger
