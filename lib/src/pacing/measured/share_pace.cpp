#include "pacing/measured/share_pace.hpp"

#include <algorithm>
#include <cmath>

namespace stagger {

namespace {

// Beyond the share by chance: far enough above the limit that it is used up, though the share is known to a
// few percent only.
constexpr double aimed_above = 0.08;
// How far a send and a refusal move the pace: it halves in a dozen refusals, and wanders by a tenth.
constexpr double usual_gain = 0.12;
// What is on the way has not been answered yet: together it may move the pace by a factor of e.
constexpr double most_on_the_way = 1;

/// Of a send that leaves at this pace.
double gain(double pace, seconds round_trip) {
    return std::min(usual_gain, most_on_the_way / std::max(1e-9, pace * round_trip.count()));
}

}  // namespace

void share_pace::sent(const departure& sent, bool paced, double chance, seconds round_trip) {
    if (looking()) {
        ++seen_.sent;
        look_to_ = sent.number;
        look_ended_ = sent.at;
        return;
    }
    if (paced) per_s_ *= std::exp(gain(per_s_, round_trip) * (chance + aimed_above));
    if (look_from_ || sent.number < next_look_) return;
    look_from_ = sent.number + 1;
    seen_ = {};
}

void share_pace::refused(const departure& sent, double pace, seconds round_trip) {
    if (sent.number < first_) return;  // it left at another pace
    run_ = sent.number == last_refused_ + 1 ? run_ + 1 : 1;
    last_refused_ = sent.number;
    if (look_from_ && sent.number >= *look_from_ && (looking() || sent.number <= look_to_)) {
        ++seen_.refused;
        return;
    }
    per_s_ *= std::exp(-gain(pace, round_trip));
}

std::optional<share_pace::look> share_pace::take_look(time_point now, seconds round_trip) {
    // A refusal of its last send may still be on the way.
    if (!look_from_ || looking() || now < after(look_ended_, 2 * round_trip)) return std::nullopt;
    look_from_.reset();
    next_look_ = look_to_ + sends_between_looks;
    return seen_;
}

}  // namespace stagger
