#pragma once

#include <optional>

#include "pacing/measured/round_trip.hpp"
#include "pacing/measured/send_log.hpp"

namespace stagger {

/** @brief Holds everyone back until the time a Retry-After announced, for as long as such hints prove true.
 *
 * A Retry-After stops the whole endpoint: whoever else asks earlier is refused as well. But many servers
 * round it up to a second or more while they admit again within milliseconds. A request admitted well before
 * the announced end refutes the hint; hints that are not much longer are then ignored for a while. The
 * request that received one is held to it in any case; that is the waiting line's doing.
 */
class hint_gate {
 public:
    /// Takes a rejection's Retry-After. True if something sent after it was admitted before the announced
    /// end.
    bool announce(time_point now, const departure& rejected, seconds retry_after, const send_log& log);
    /// True if this admission shows that the last hint announced too late an end.
    bool refuted_by(const departure& admitted) const {
        return last_ && admitted.number > last_->rejected.number && last_->well_before_end(admitted.at);
    }
    /// The hint was wrong: open the gate and ignore its like for a while.
    void refute(time_point now);
    void trust_again() { ignore_until_ = time_point::min(); }

    /// When to test an announced end by one request before it: early, because most false hints are false by
    /// far, and later each time that this failed. None once testing has failed too often, or for too short a
    /// wait.
    std::optional<time_point> trial_at(time_point now, seconds rtt) const;
    void trial_failed() { trial_fraction_ *= 2; }

    /// Nobody goes before.
    time_point opens_at() const { return opens_at_; }

 private:
    struct announcement {
        departure rejected;
        seconds retry_after;
        bool well_before_end(time_point at) const;
    };
    std::optional<announcement> last_;
    time_point opens_at_ = time_point::min();
    time_point ignore_until_ = time_point::min();
    seconds ignored_up_to_{0};
    double trial_fraction_ = 0.125;
};

}  // namespace stagger
