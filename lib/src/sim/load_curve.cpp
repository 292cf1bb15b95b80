#include "sim/load_curve.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/throttling_status.hpp"

namespace stagger::sim {

void load_curve::arrived(time_point now, std::size_t, std::uint64_t, unsigned status) {
    if (status == 0) return;  // counted when it leaves the server's queue
    bin& current = at(now);
    if (status == 200) {
        ++current.admitted;
    } else if (is_rejection(status)) {
        ++current.rejected;
    } else {
        ++current.failed;
    }
}

void load_curve::left_queue(time_point now, std::size_t client, std::uint64_t request, unsigned status) {
    arrived(now, client, request, status);
}

void load_curve::settled(time_point now, std::size_t client, const coordinator& core) {
    pass_time(now);
    const coordinator_status status = core.status(now);
    const bool paces =
        std::isfinite(status.pace_per_s) && status.mode != coordinator_mode::closed && status.waiting > 0;
    const double pace = paces ? status.pace_per_s : 0;
    has_pace_ |= pace > 0;
    if (client >= paces_.size()) paces_.resize(client + 1);
    pace_ += pace - paces_[client];
    paces_[client] = pace;
}

void load_curve::pass_time(time_point now) {
    at(now);
    while (paced_until_ < now) {
        const std::size_t place = static_cast<std::size_t>((paced_until_ - time_point{}) / width_);
        const time_point end = time_point{} + width_ * static_cast<std::int64_t>(place + 1);
        const time_point until = std::min(end, now);
        bins_[place].paced += pace_ * to_seconds(until - paced_until_);
        paced_until_ = until;
    }
}

load_curve::bin& load_curve::at(time_point now) {
    latest_ = std::max(latest_, now);
    while ((now - time_point{}) / width_ >= static_cast<std::int64_t>(most_bins)) widen();
    const auto place = static_cast<std::size_t>((now - time_point{}) / width_);
    if (place >= bins_.size()) bins_.resize(place + 1);
    return bins_[place];
}

void load_curve::widen() {
    constexpr std::array<std::size_t, 2> growth{5, 2};
    const std::size_t together = growth[next_growth_ % growth.size()];
    ++next_growth_;
    std::vector<bin> wider((bins_.size() + together - 1) / together);
    for (std::size_t each = 0; each < bins_.size(); ++each) {
        bin& into = wider[each / together];
        into.admitted += bins_[each].admitted;
        into.rejected += bins_[each].rejected;
        into.failed += bins_[each].failed;
        into.paced += bins_[each].paced;
    }
    bins_ = std::move(wider);
    width_ *= static_cast<std::int64_t>(together);
}

void load_curve::coarsen_to(std::size_t bins) {
    while (bins_.size() > std::max<std::size_t>(bins, 1)) widen();
}

void load_curve::widen_to(duration width) {
    while (width_ < width) widen();
}

}  // namespace stagger::sim
