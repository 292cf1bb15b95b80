#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "stagger/time.hpp"

namespace stagger::provider {

/// The most arrivals in any span of a given length, whatever instant it begins at. Remembers as many arrivals
/// as the largest peak had.
class arrival_peak {
 public:
    explicit arrival_peak(duration span) : span_(span) {}

    /// Arrivals come in the order of time.
    void add(time_point now) {
        while (!recent_.empty() && now - recent_.front() >= span_) recent_.pop_front();
        recent_.push_back(now);
        most_ = std::max<std::uint64_t>(most_, recent_.size());
    }
    std::uint64_t most() const { return most_; }

 private:
    duration span_;
    std::deque<time_point> recent_;
    std::uint64_t most_ = 0;
};

}  // namespace stagger::provider
