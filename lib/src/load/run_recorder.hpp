#pragma once

#include <deque>
#include <optional>
#include <variant>

#include "load/latency_histogram.hpp"
#include "load/run_records.hpp"
#include "load/run_results.hpp"
#include "load/timeline.hpp"
#include "provider/arrival_peak.hpp"
#include "stagger/coordinator.hpp"

namespace stagger::load {

/// Which part of a run is measured, and against what.
struct measuring {
    duration warm_up{0};    ///< cut off at the beginning
    duration cool_down{0};  ///< cut off at the end
    std::optional<service_level> slo;
};

/** @brief Makes the figures of one policy's turn from what is told of it.
 *
 * What counts, counts at the moment when it happened: a request or an attempt when it ended, a send when it
 * was made. What happened within the warm-up is left out. What happened within the cool-down can be told
 * only at the end of the run, so records wait until they are that old; nothing else is kept of the single
 * request, and a run of any length takes the same memory.
 *
 * Reads no clock. Times do not go back between calls.
 */
class run_recorder {
 public:
    run_recorder(time_point start, const measuring& how);

    void sent(const send_record& record);
    /// The first byte of an attempt was sent.
    void attempt_sent(time_point now);
    void attempt_ended(const attempt_record& record);
    void request_ended(request_record record);
    /// How the client stands now; tells when it took the server for closed.
    void observe(time_point now, const coordinator_status& status);
    /// The same for the timeline's step that ends now.
    void end_step(time_point now, const coordinator_status& status) { timeline_.end_step(now, status); }

    /// The run is over; once, and nothing is told afterwards. Its figures, without the policy's name.
    run_results finish(time_point end);

 private:
    struct arrival {
        time_point at;
    };
    struct closed_span {
        time_point from;
        time_point to;
    };
    using event = std::variant<send_record, arrival, attempt_record, request_record, closed_span>;
    struct held_event {
        time_point at;
        event what;
    };

    /// One histogram for each of `latency_kinds`.
    struct latencies {
        latency_histogram total;
        latency_histogram from_actual_send;
        latency_histogram waiting_in_line;
        latency_histogram backing_off;
        latency_histogram connecting;
        latency_histogram first_token;
        latency_histogram between_tokens;
        latency_histogram service;
    };

    struct send_tally {
        std::uint64_t count = 0;
        send_record first;
        send_record last;
        latency_histogram lag;
    };

    void take(time_point at, event what);
    void count_until(time_point limit);
    void count(const event& what);
    void count(const send_record& record);
    void count(const arrival& record);
    void count(const attempt_record& record);
    void count(const request_record& record);
    void count(const closed_span& record);
    bool keeps_service_level(const request_record& record) const;
    std::optional<schedule_results> schedule() const;
    void put_rates(duration measured);
    void put_latencies();

    time_point start_;
    measuring how_;
    time_point measured_until_ = never;  // known at the end
    std::deque<held_event> held_;        // of the last `cool_down`
    std::optional<time_point> closed_since_;

    run_results results_;
    std::uint64_t within_service_level_ = 0;
    send_tally sends_;
    latencies latencies_;
    provider::arrival_peak peak_10ms_{std::chrono::milliseconds(10)};
    provider::arrival_peak peak_1s_{std::chrono::seconds(1)};
    duration closed_{0};
    timeline timeline_;
};

}  // namespace stagger::load
