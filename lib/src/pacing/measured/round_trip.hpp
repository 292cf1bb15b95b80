#pragma once

#include <algorithm>
#include <cmath>

#include "base/seconds.hpp"

namespace stagger {

/// How long a rejection takes to come back, from the rejections seen so far. A rejection is answered at once,
/// so this is the network's round trip, whatever the latency of a completion. Until one came it is at most
/// what the fastest answer took.
class round_trip {
 public:
    /// Until the first rejection or answer: a far server's.
    static constexpr seconds assumed{0.1};
    /// A rejection that was held back for longer tells nothing about the way.
    static constexpr seconds longest{10};

    void sample(seconds took) {
        constexpr double weight = 0.2;
        const seconds measured = std::min(took, longest);
        mean_ = samples_++ == 0 ? measured : (1 - weight) * mean_ + weight * measured;
        const seconds deviation(std::fabs((measured - mean_).count()));
        deviation_ = (1 - weight) * deviation_ + weight * deviation;
    }

    void answered(seconds took) {
        if (samples_ == 0) mean_ = std::min(mean_, took);
    }

    seconds mean() const { return mean_; }
    /// A request that has not been rejected by then may be taken as admitted.
    seconds presumed_admitted() const {
        constexpr seconds processing{0.02};
        return std::max(2 * mean_, mean_ + 6 * deviation_) + processing;
    }

 private:
    seconds mean_ = assumed;
    seconds deviation_{0.02};
    unsigned samples_ = 0;
};

}  // namespace stagger
