#include "pacing/measured/lost_limit.hpp"

#include <algorithm>

namespace stagger {

namespace {

constexpr double clearly_below = 0.85;
constexpr double longer_each_time = 1.25;
// A limit that has not come back for so long will not.
constexpr seconds longest_wait{120};
constexpr send_number enough_sends = 8;
// That near to the best limit a refusal there speaks against it; farther below, of a fall that goes on.
constexpr double near_best = 0.5;

}  // namespace

bool lost_limit::look_is_due(time_point now, double pace) {
    if (pace >= clearly_below * best_) {
        next_look_ = never;
        return false;
    }
    if (next_look_ == never) next_look_ = after(now, wait_);
    return now >= next_look_;
}

void lost_limit::look(double pace) {
    back_to_ = pace;
    reached_.reset();
}

bool lost_limit::is_back(time_point now, const send_log& log, const round_trip& rtt) const {
    return log.size() - reached_->number > enough_sends &&
           now >= after(reached_->at, rtt.presumed_admitted());
}

void lost_limit::found() {
    stop_looking();
    wait_ = first_wait;
    next_look_ = never;
}

void lost_limit::failed(time_point now) {
    if (at_best() && *back_to_ > near_best * best_) best_ = (best_ + *back_to_) / 2;
    stop_looking();
    wait_ *= longer_each_time;
    next_look_ = after(now, wait_);
    if (wait_ > longest_wait) *this = {};
}

}  // namespace stagger
