#pragma once

#include <algorithm>
#include <optional>

#include "base/seconds.hpp"

namespace stagger {

/** @brief How fast a server has admitted without ever refusing.
 *
 * Admissions are counted in spans of at least some hundreds, a tenth of a second at least; the fastest span
 * counts. Where nothing was refused there is no limit up to that pace, and the next run may start there. A
 * single refusal ends it: from then on there is a limit to measure.
 */
class unmet_limit {
 public:
    void admitted(time_point now) {
        if (refused_) return;
        if (count_++ == 0) since_ = now;
        const seconds span = now - since_;
        // The first admission begins the span, so it is not within.
        const double within = count_ - 1;
        if (within < enough || span < at_least) return;
        fastest_per_s_ = std::max(fastest_per_s_.value_or(0), within / span.count());
        count_ = 1;
        since_ = now;
    }
    void refused() { refused_ = true; }

    /// In requests a second; nothing before enough was admitted, nor where anything was refused.
    std::optional<double> admitted_per_s() const { return refused_ ? std::nullopt : fastest_per_s_; }

 private:
    static constexpr double enough = 300;
    static constexpr seconds at_least{0.1};

    bool refused_ = false;
    double count_ = 0;
    time_point since_{};
    std::optional<double> fastest_per_s_;
};

}  // namespace stagger
