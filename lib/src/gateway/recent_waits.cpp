#include "gateway/recent_waits.hpp"

#include <algorithm>
#include <cmath>

namespace stagger::gateway {

namespace {

// Enough for a hundredth to be ten of them.
constexpr std::size_t most_waits = 1000;

}  // namespace

void recent_waits::add(duration one) {
    if (last_.size() < most_waits) {
        last_.push_back(one);
        return;
    }
    last_[next_] = one;
    next_ = (next_ + 1) % most_waits;
}

std::optional<duration> recent_waits::quantile(double share) const {
    if (last_.empty()) return std::nullopt;
    auto sorted = last_;
    const double rank = std::ceil(share * static_cast<double>(sorted.size()));
    const auto at =
        static_cast<std::ptrdiff_t>(std::clamp(rank, 1.0, static_cast<double>(sorted.size()))) - 1;
    std::nth_element(sorted.begin(), sorted.begin() + at, sorted.end());
    return sorted[static_cast<std::size_t>(at)];
}

}  // namespace stagger::gateway
