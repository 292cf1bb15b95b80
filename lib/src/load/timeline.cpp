#include "load/timeline.hpp"

#include <algorithm>
#include <cmath>

namespace stagger::load {

void timeline::end_step(time_point now, const coordinator_status& status) {
    // What ends a step is asked for at its end, which is where the next one begins.
    timeline_row& row = at(now - duration(1));
    row.pace_per_s.reset();
    const bool paces = std::isfinite(status.pace_per_s) && status.pace_per_s > 0;
    if (paces && status.mode != coordinator_mode::closed) row.pace_per_s = status.pace_per_s;
    row.limit_per_s = status.measured_per_s;
    row.limit_in_flight = status.measured_window;
    row.in_flight = status.in_flight;
    row.waiting = status.waiting;
}

timeline_row& timeline::at(time_point now) {
    const duration passed = std::max(now - start_, duration::zero());
    while (passed / step_ >= static_cast<std::int64_t>(most_rows)) widen();
    const auto place = static_cast<std::size_t>(passed / step_);
    if (place >= rows_.size()) rows_.resize(place + 1);
    return rows_[place];
}

void timeline::widen() {
    std::vector<timeline_row> wider((rows_.size() + 1) / 2);
    for (std::size_t each = 0; each < rows_.size(); ++each) {
        timeline_row& into = wider[each / 2];
        const timeline_row earlier = into;
        into = rows_[each];
        into.attempts += earlier.attempts;
        into.rejections += earlier.rejections;
        into.successes += earlier.successes;
    }
    rows_ = std::move(wider);
    step_ *= 2;
}

timeline_results timeline::results() const {
    timeline_results all;
    all.step_s = to_seconds(step_);
    all.rows = rows_;
    for (std::size_t each = 0; each < all.rows.size(); ++each)
        all.rows[each].t_s = all.step_s * static_cast<double>(each);
    return all;
}

}  // namespace stagger::load
