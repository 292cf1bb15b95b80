#pragma once

#include "load/run_results.hpp"
#include "stagger/coordinator.hpp"
#include "stagger/time.hpp"

namespace stagger::load {

/** @brief How a run went over time, in steps of one length, which doubles as the run grows: any run takes the
 * same memory.
 */
class timeline {
 public:
    /// How often `end_step` is to be called: as long as the first steps are.
    static constexpr duration shortest_step = std::chrono::milliseconds(500);
    static constexpr std::size_t most_rows = 2000;

    explicit timeline(time_point start) : start_(start) {}

    void sent(time_point now) { ++at(now).attempts; }
    /// @param sent when the attempt was that was rejected
    void rejection(time_point sent) { ++at(sent).rejections; }
    void success(time_point now) { ++at(now).successes; }
    /// How it stands at the end of a step.
    void end_step(time_point now, const coordinator_status& status);

    timeline_results results() const;

 private:
    timeline_row& at(time_point now);
    void widen();

    time_point start_;
    duration step_ = shortest_step;
    std::vector<timeline_row> rows_;
};

}  // namespace stagger::load
