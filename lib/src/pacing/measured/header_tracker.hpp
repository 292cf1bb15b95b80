#pragma once

#include <optional>

#include "pacing/measured/round_trip.hpp"
#include "pacing/measured/send_log.hpp"

namespace stagger {

/** @brief The limit as rate-limit headers tell it: no rejection is needed to measure it.
 *
 * Between two answers `remaining` fell by what was admitted and rose by what was refilled, so the refill is
 * known; and `reset`, until which all of it will be back, tells by how it moves what kind of limit it is. Of
 * a fixed window nothing is refilled and the reset stands still: its rest is spread over the time until then.
 * Of a sliding window nothing is refilled either, but the reset moves with the clock, one window ahead of the
 * latest request: the quota over that length is the rate. What is refilled meanwhile is a bucket: its refill
 * is the rate, a little more while much is left and a little less when it is nearly empty; `reset` is then no
 * reason to wait. Where all that waits fits into what is left, it is sent at once. When a request is rejected
 * while the headers say that much is left, something else limits, and they are not believed for half a
 * minute. Limits of a few requests are not read at all: rounding hides what is refilled.
 */
class header_tracker {
 public:
    void note(const departure& sent, const limit_hint& said, bool admitted, const send_log& log, seconds rtt);
    /// A rejection while plenty is left by the headers' account.
    void check(time_point now, const send_log& log, seconds rtt, double rate);

    /// Whether `rate` and `opens_at` can say anything at all: most servers send no such headers.
    bool believed(time_point now) const {
        return latest_ && kind_ != kind::unknown && now >= disbelieved_until_;
    }
    /// The rate to send at, if the headers tell one.
    std::optional<double> rate(time_point now, const send_log& log, seconds rtt, double backlog) const;
    /// When a used-up window admits again; the earliest time if there is nothing to wait for.
    time_point opens_at(time_point now, const send_log& log, seconds rtt) const;

 private:
    enum class kind { unknown, bucket, fixed_window, sliding_window };
    struct reading {
        departure sent;
        double limit = 0;
        double remaining = 0;
        time_point resets = never;  ///< when all of it is back
    };
    void measure(const reading& now, const send_log& log, seconds rtt);
    kind kind_by(const reading& now, double refilled) const;
    void vote(kind seen);
    void refilled_between(const reading& from, const reading& to, double amount);
    void refilled_in(seconds span, double amount);
    void refilled_at_least(seconds span, double amount);

    double left(time_point now, const send_log& log) const;
    double bucket_rate(double remaining, double fastest) const;
    time_point window_ends(time_point now) const;

    std::optional<reading> latest_;
    std::optional<reading> reference_;  ///< of the latest admissions; the earlier end of the next measurement
    kind kind_ = kind::unknown;
    int evidence_ = 0;
    double refilled_ = 0;  ///< of a bucket, in the spans that were measured, older ones counting less
    double measured_s_ = 0;
    std::optional<seconds> window_;
    double not_used_by_others_ = 0;  ///< of a sliding window's quota, at the latest reading
    time_point disbelieved_until_{};
};

}  // namespace stagger
