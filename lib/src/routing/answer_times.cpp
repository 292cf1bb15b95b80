#include "routing/answer_times.hpp"

#include <algorithm>

namespace stagger::routing {

void answer_times::add(duration one) {
    last_[count_++ % most] = one;
}

std::optional<duration> answer_times::median() const {
    if (count_ < fewest) return std::nullopt;
    look();
    return median_;
}

std::optional<duration> answer_times::p99() const {
    if (count_ < fewest) return std::nullopt;
    look();
    return p99_;
}

// Sorting for each answer would be dear, and ten more of two hundred do not move much.
void answer_times::look() const {
    if (looked_at_ != 0 && count_ < looked_at_ + 10) return;
    looked_at_ = count_;
    const std::size_t known = std::min(count_, most);
    auto sorted = last_;
    std::sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(known));
    median_ = sorted[known / 2];
    p99_ = sorted[(known * 99 + 99) / 100 - 1];
}

}  // namespace stagger::routing
