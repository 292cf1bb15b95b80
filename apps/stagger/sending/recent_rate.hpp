#pragma once

#include <cstddef>
#include <deque>

#include "stagger/time.hpp"

namespace app {

/// How fast a count has risen lately.
class recent_rate {
 public:
    /// Long enough to be steady between bursts, short enough to show what changed.
    static constexpr stagger::duration span = std::chrono::seconds(10);

    void add(stagger::time_point now, std::size_t count) {
        samples_.push_back({now, count});
        // One that is older stays, so that there is something to compare with.
        while (samples_.size() > 2 && now - samples_[1].at >= span) samples_.pop_front();
    }

    double per_s() const {
        if (samples_.size() < 2) return 0;
        const auto passed = stagger::to_seconds(samples_.back().at - samples_.front().at);
        return passed > 0 ? static_cast<double>(samples_.back().count - samples_.front().count) / passed : 0;
    }

 private:
    struct sample {
        stagger::time_point at;
        std::size_t count;
    };
    std::deque<sample> samples_;
};

}  // namespace app
