#include "gateway/service_times.hpp"

#include <algorithm>

namespace stagger::gateway {

void service_times::add(duration one) {
    last_[count_++ % most] = one;
    stale_ = true;
}

duration service_times::p90() const {
    const std::size_t held = std::min(count_, most);
    if (!stale_ || held == 0) return known_;
    stale_ = false;
    auto sorted = last_;
    const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(held);
    const auto at = sorted.begin() + static_cast<std::ptrdiff_t>((held * 9 - 1) / 10);
    std::nth_element(sorted.begin(), at, end);
    return known_ = *at;
}

}  // namespace stagger::gateway
