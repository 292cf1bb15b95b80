#include "core/share_pace.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace stagger {

namespace {

// Beyond the share by chance: far enough above it that the limit is used up.
static const double aimed_above = getenv("M") ? atof(getenv("M")) : 0.06;
// How far one send and one refusal move the pace. It wanders by a tenth at most, and halves in a dozen
// refusals.
static const double usual_gain = getenv("G") ? atof(getenv("G")) : 0.15;

}  // namespace

/// What is on the way has not been answered yet: together it may move the pace by a factor of two or so.
double share_pace::gain(seconds round_trip) const {
    return std::min(usual_gain, 1 / std::max(1e-9, per_s_ * round_trip.count()));
}

void share_pace::sent(const departure& sent, bool paced, double chance, seconds round_trip) {
    if (look_from_) {
        if (!looking()) return;
        ++in_look_.sent;
        look_to_ = sent.number;
        look_ended_ = sent.at;
        return;
    }
    if (paced) per_s_ *= std::exp(gain(round_trip) * (chance + aimed_above));
    if (sent.number < next_look_) return;
    look_from_ = sent.number + 1;
    in_look_ = {};
}

void share_pace::refused(const departure& sent, seconds round_trip) {
    if (sent.number < first_) return;  // sent at another pace
    run_ = sent.number == last_refused_ + 1 ? run_ + 1 : 1;
    last_refused_ = sent.number;
    if (look_from_ && sent.number >= *look_from_ && (in_look_.sent < sends_in_look || sent.number <= look_to_)) {
        ++in_look_.refused;
        return;
    }
    per_s_ *= std::exp(-gain(round_trip));
}

std::optional<share_pace::look> share_pace::seen(time_point now, seconds round_trip) {
    if (!look_from_ || looking() || now < after(look_ended_, 2 * round_trip)) return std::nullopt;
    look_from_.reset();
    next_look_ = look_to_ + sends_between_looks;
    return in_look_;
}

}  // namespace stagger
