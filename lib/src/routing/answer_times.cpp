#include "routing/answer_times.hpp"

#include <algorithm>

namespace stagger::routing {

// Each takes its place among the sorted ones: to sort them anew, now and then, is dearer.
void answer_times::add(duration one) {
    auto* const begin = sorted_.begin();
    auto* const end = begin + known_;
    auto* const gap = known_ == most ? std::lower_bound(begin, end, last_[oldest_]) : end;
    auto* const place = std::upper_bound(begin, end, one);
    if (gap == end) ++known_;
    // Only those between the one that goes and the one that comes move.
    if (place <= gap) {
        std::move_backward(place, gap, gap + 1);
        *place = one;
    } else {
        std::move(gap + 1, place, gap);
        *(place - 1) = one;
    }
    last_[oldest_] = one;
    oldest_ = (oldest_ + 1) % most;
}

std::optional<duration> answer_times::median() const {
    if (known_ < fewest) return std::nullopt;
    return sorted_[known_ / 2];
}

std::optional<duration> answer_times::p99() const {
    if (known_ < fewest) return std::nullopt;
    return sorted_[(known_ * 99 + 99) / 100 - 1];
}

}  // namespace stagger::routing
