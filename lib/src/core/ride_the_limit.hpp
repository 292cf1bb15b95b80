#pragma once

#include <optional>

#include "core/hint_gate.hpp"
#include "core/pacer.hpp"
#include "core/pacing.hpp"
#include "core/rate_estimator.hpp"
#include "core/round_trip.hpp"
#include "core/send_log.hpp"

namespace stagger {

class ride_the_limit final : public pacing {
 public:
    ride_the_limit(const coordinator_options& options, std::uint64_t seed);

    opening next_opening(time_point now, std::size_t backlog) override;
    departure on_send(time_point now, const cost& what) override;
    void on_accepted(time_point now, const departure& sent, const hints& said) override;
    void on_throttled(time_point now, const departure& sent, const hints& said) override;
    void on_failed(time_point now, const departure& sent) override;
    void on_abandoned(time_point now, const departure& sent) override;
    void describe(time_point now, coordinator_status& status) const override;

 private:
    void cut(time_point now, double rate);
    void reopen(time_point now);

    random_source random_;
    pacer pacer_;
    send_log log_;
    rate_estimator estimator_;
    hint_gate gate_;
    round_trip rtt_;
    double ceiling_;
    double rate_;
    double probing_;
    coordinator_mode mode_ = coordinator_mode::ramp;
    std::optional<double> measured_;
    std::optional<departure> probe_;
    time_point probe_at_{};
    seconds gap_{0};
    time_point last_change_{};
    send_number changed_at_ = 0;
    unsigned in_flight_ = 0;
};

}  // namespace stagger
