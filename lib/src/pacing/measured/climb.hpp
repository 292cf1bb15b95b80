#pragma once

#include <array>

#include "pacing/measured/round_trip.hpp"
#include "pacing/measured/send_log.hpp"

namespace stagger {

/// What is usual between two rejections, as the median of the last three: one odd run does not count.
class typical_run {
 public:
    void add(double admitted, seconds span);
    bool known() const { return count_ > 0; }
    double admitted() const { return admitted_; }
    seconds span() const { return span_; }

 private:
    using last_three = std::array<double, 3>;
    double median(const last_three& values) const;

    last_three admitted_of_{};
    last_three span_s_of_{};
    std::size_t count_ = 0;
    // Runs end at rejections, but these are asked for at every send.
    double admitted_ = 0;
    seconds span_{0};
};

/** @brief The pace between rejections: a base rate, and how far above it the limit is being tested.
 *
 * Without rejections the limit may have risen, and only going faster can tell. Before the first rejection the
 * rate doubles. While the limit is searched it grows by tenths. At the limit the pace holds still for a
 * while, then steps up by `probing` and again by `probing`, enough to meet the limit where it was; only a run
 * that is longer than usual means that the limit has risen, and only then do the steps double. A rejection
 * ends the climb: `cut` sets the new base. The ramp waits for what a round trip tells; the other kinds of
 * growth are bounded by how many requests they would put on the way before the first rejection can come back.
 */
class climb {
 public:
    climb(double probing, double initial_rate)
        : probing_(probing), initial_(initial_rate), base_(initial_rate) {}

    double rate() const { return base_ * (1 + above_); }
    double base() const { return base_; }
    double above() const { return above_; }
    /// Several steps were taken since the last cut, so the rate before the last step is known to be admitted.
    bool has_proven_steps() const { return steps_ >= 2; }
    double rate_before_step() const { return before_step_; }

    /// Sets a new base rate.
    void cut(time_point now, double rate, const send_log& log);
    /// A rejection, or a new start: whatever grows begins anew.
    void restart(time_point now, const send_log& log);
    void note_run(double admitted, seconds span) { usual_.add(admitted, span); }
    /// Becomes slower to test the limit while too many requests are rejected.
    void note_waste(double recent_waste);

    void begin_ramp() { ramp_ = {}; }
    /// Where everything began.
    double initial() const { return initial_; }
    /// Nobody needs to be faster than that; a ramp that no limit ends has to stop somewhere.
    static constexpr double fastest_per_s = 1e6;
    void raise_to(double rate) { base_ = std::max(base_, std::min(rate, fastest_per_s)); }
    /// Before the first rejection the rate doubles so often, or faster where the way is short.
    static constexpr seconds ramp_doubles_every{0.18};
    /// @param backlog requests that are known to come
    void ramp(time_point now, const send_log& log, const round_trip& rtt, double backlog,
              seconds doubles_every = ramp_doubles_every);
    void search(time_point now, const send_log& log, const round_trip& rtt);
    /// @param price how many admitted requests a rejection is worth avoiding for, usually 1
    void ride(time_point now, const send_log& log, const round_trip& rtt, double price);

 private:
    struct position {
        send_number sends = 0;
        time_point at{};
    };
    struct step {
        double needed;     ///< sends since the last step
        seconds or_after;  ///< or this long, with at least some sends
        send_number least_sends;
        double size;             ///< fraction of the base rate
        unsigned doublings = 0;  ///< of that size
        bool counts = true;      ///< towards doubling
    };
    bool run_is_longer_than_usual(time_point now, const send_log& log) const;
    step next_ride_step(time_point now, const send_log& log, double price) const;
    void take(const step& next, time_point now, const send_log& log, const round_trip& rtt);
    double usual_admitted() const;

    double probing_;
    double initial_;
    double base_;
    double above_ = 0;
    unsigned steps_ = 0;
    double before_step_ = 0;
    double patience_ = 1;
    position ramp_;
    position since_step_;
    position since_rejection_;
    typical_run usual_;
};

}  // namespace stagger
