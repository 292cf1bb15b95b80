#include "pacing/rivals/inspect_adaptive.hpp"

#include <algorithm>
#include <cmath>

namespace stagger {

namespace {

constexpr std::size_t steps_from = 10;
constexpr std::size_t step = 5;

std::size_t rounded_up(std::size_t limit) {
    return limit < steps_from ? limit : (limit + step - 1) / step * step;
}

std::size_t rounded_down(std::size_t limit) {
    return limit < steps_from ? limit : limit / step * step;
}

}  // namespace

opening inspect_adaptive::next_opening(time_point now, const line_view& line) {
    begun_with_head_ = line.head_was_sent ? 0 : line.tasks_begun() + 1;
    if (begun_with_head_ > limit_) return {never, wait_reason::in_flight};
    return {now, wait_reason::none};
}

departure inspect_adaptive::on_send(time_point now, const cost& what) {
    if (!cooling_down(now)) most_begun_ = std::max(most_begun_, begun_with_head_);
    return sends_.count(now, what);
}

void inspect_adaptive::on_accepted(time_point now, const departure& sent, const hints&) {
    if (sent.repeated || cooling_down(now)) return;
    if (++clean_successes_ < std::max(limit_, shortest_round)) return;
    const bool saturated = static_cast<double>(most_begun_) >= saturation * static_cast<double>(limit_);
    start_round();
    if (saturated) grow();
}

void inspect_adaptive::grow() {
    // Python's round, which takes halves to the even number, as nearbyint does.
    const double share = std::nearbyint(scale_up_fraction * static_cast<double>(limit_));
    const auto increment = std::max<std::size_t>(1, static_cast<std::size_t>(share));
    limit_ = std::min(ever_refused_ ? rounded_up(limit_ + increment) : 2 * limit_, max_limit);
}

void inspect_adaptive::on_throttled(time_point now, const departure&, const hints& said) {
    start_round();
    ever_refused_ = true;
    const time_point told = said.retry_after ? saturating_add(now, *said.retry_after) : now;
    if (cooling_down(now)) {
        cooldown_until_ = std::max(cooldown_until_, told);
        return;
    }
    cooldown_until_ = std::max(after(now, cooldown), told);
    const auto cut = static_cast<std::size_t>(decrease_factor * static_cast<double>(limit_));
    limit_ = std::max(rounded_down(cut), min_limit);
}

void inspect_adaptive::describe(time_point, coordinator_status& status) const {
    if (ever_refused_) status.mode = coordinator_mode::ride;
    status.measured_window = static_cast<unsigned>(limit_);
}

}  // namespace stagger
