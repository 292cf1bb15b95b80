#pragma once

#include <optional>

#include "pacing/measured/round_trip.hpp"
#include "pacing/measured/send_log.hpp"

namespace stagger {

/** @brief A limit that has fallen may rise as fast: when to go back to it, for a look.
 *
 * A step of a percent now and then would take minutes to find that a limit is back at ten times what it fell
 * to. So as long as the pace lies clearly below the best limit that held, it is tested by doubling up to
 * that: at first soon after the fall, then at growing intervals, since most falls last for seconds and those
 * that do not may last. A look costs a refusal or two where it fails.
 */
class lost_limit {
 public:
    /// A limit was measured, over enough requests to be relied on.
    void held(double per_s) { best_ = std::max(best_, per_s); }
    double best() const { return best_; }

    /// Whether to look now, while the pace is held at a limit.
    bool look_is_due(time_point now, double pace);
    /// A look begins. @param pace to go back to
    void look(double pace);
    bool looking() const { return back_to_.has_value(); }
    double back_to() const { return *back_to_; }
    /// Something else has ended the look.
    void stop_looking() { back_to_.reset(); }

    /// The pace has reached the best limit, with this send; it goes no further.
    void reached(const departure& sent) { reached_ = sent; }
    bool at_best() const { return reached_.has_value(); }
    /// Enough was sent at the best limit, and nothing was refused.
    bool is_back(time_point now, const send_log& log, const round_trip& rtt) const;
    void found();
    /// A refusal ended the look.
    void failed(time_point now);

 private:
    double best_ = 0;
    seconds wait_ = first_wait;
    time_point next_look_ = never;
    std::optional<double> back_to_;
    std::optional<departure> reached_;

    static constexpr seconds first_wait{2};
};

}  // namespace stagger
