#pragma once

#include <optional>

#include "pacing/measured/round_trip.hpp"
#include "pacing/measured/send_log.hpp"

namespace stagger {

/** @brief Finds out whether the limit is on requests in flight rather than on their rate, and holds that
 * window.
 *
 * With a limit on requests in flight every rejection comes at the same number of admitted requests in flight,
 * whatever the rate, and hardly anything is admitted at or above that number. When the last rejections, one
 * of a round trip and spread over half a service time, agree in this, the median is taken as the window. It
 * is then held by count: it shrinks by at least one when a request within it is rejected, and grows by one,
 * two, four… while requests that filled it are admitted. The theory is dropped, and not taken up again for a
 * while, when rejections keep coming far below the window, when they push it far below what was learned, or
 * when a request is rejected that was alone: then it is a rate that is limited, which a steady pace makes
 * look the same. A window that an earlier run learned is held from the first request on; the first rejection,
 * wherever it comes, measures it, and until then it doubles.
 */
class concurrency_learner {
 public:
    explicit concurrency_learner(double probing) : probing_(probing) {}

    /// Holds the window of an earlier run.
    void remember(double window) {
        window_ = learned_ = window;
        confirmed_ = false;
        remembered_ = true;
    }
    /// Whether a rejection of this run bears the window out.
    bool confirmed() const { return confirmed_; }
    /// Whether only an earlier run says that it is the number in flight.
    bool remembered() const { return remembered_ && limits(); }
    /// The theory is wrong.
    void drop(time_point now);

    bool limits() const { return window_.has_value(); }
    double window() const { return *window_; }

    /// Looks at the latest rejections; true once they agree.
    bool learn(time_point now, const send_log& log, const round_trip& rtt, seconds service);
    /// A rejection while the window is held. False when the theory is dropped.
    bool cut(time_point now, const departure& rejected, const send_log& log, const round_trip& rtt);
    /// A success while the window is held.
    /// @param may_grow whether the window may be tested
    void admitted(const send_record& sent, bool may_grow);

 private:
    bool contradicted(double in_flight) const;
    bool rate_is_likelier(const send_log& log, seconds rtt) const;

    std::optional<double> window_;
    double probing_;
    double growth_ = 1;
    double clean_ = 0;
    double too_low_ = 0;
    double learned_ = 0;
    bool confirmed_ = true;
    bool remembered_ = false;
    time_point last_cut_ = time_point::min();
    time_point not_before_ = time_point::min();
    seconds hold_off_{60};
};

/// Requests in flight at a send, without those that turned out to be rejected.
unsigned admitted_in_flight(const send_log& log, send_number at, seconds rtt);

}  // namespace stagger
