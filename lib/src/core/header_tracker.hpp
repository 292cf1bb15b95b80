#pragma once

#include <optional>

#include "core/round_trip.hpp"
#include "core/send_log.hpp"

namespace stagger {

/** @brief The limit as rate-limit headers tell it: no rejection is needed to measure it.
 *
 * Between two answers `remaining` fell by what was admitted and rose by what was refilled, so the refill is
 * known. Nothing refilled, time and again: a window, whose rest is spread over the time to its reset, or sent
 * at once if it suffices for all that waits. Otherwise a bucket: its refill is the rate, a little more while
 * much is left and a little less when it is nearly empty; `reset` is then the time until it is full, and no
 * reason to wait. When a request is rejected while the headers say that much is left, something else limits,
 * and they are not believed for half a minute.
 */
class header_tracker {
 public:
    void note(const departure& sent, const limit_hint& said, bool admitted, const send_log& log, seconds rtt);
    /// A rejection while plenty is left by the headers' account.
    void check(time_point now, const send_log& log, seconds rtt, double rate);

    /// Whether `rate` and `opens_at` can say anything at all: most servers send no such headers.
    bool believed(time_point now) const { return latest_ && now >= disbelieved_until_; }
    /// The rate to send at, if the headers tell one.
    std::optional<double> rate(time_point now, const send_log& log, seconds rtt, double backlog) const;
    /// When a used-up window begins anew; the earliest time if there is nothing to wait for.
    time_point opens_at(time_point now, const send_log& log, seconds rtt) const;

 private:
    enum class kind { unknown, window, bucket };
    struct reading {
        departure sent;
        double limit = 0;
        double remaining = 0;
        time_point resets = never;
    };
    kind what() const;
    double left(time_point now, const send_log& log) const;
    void measure(const reading& now, bool admitted, const send_log& log, seconds rtt);

    std::optional<reading> latest_;
    std::optional<reading> reference_;  ///< the earlier end of the next measurement
    int looks_like_window_ = 0;         ///< above 0: a window, below: a bucket; at most 3 either way
    std::optional<double> refill_per_s_;
    time_point disbelieved_until_{};
};

}  // namespace stagger
