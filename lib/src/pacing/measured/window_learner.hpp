#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "base/seconds.hpp"

namespace stagger {

/** @brief The rate across closed times, and whether they look like the rest of a quota window.
 *
 * From one reopening to the next the server admitted what its limit allows, closed time included: admitted
 * over span is the rate, whatever kind of limit it is. Spread at this rate a window's quota lasts to its end,
 * and the closed time shrinks to almost nothing. Where a noticeable part of a cycle was closed, longer than a
 * plain limit takes to admit a few requests, what it admitted is taken as the quota of a window: work that
 * fits into one is then sent as fast as possible, and when the quota is used up again there is nothing to
 * probe for until the shortest such cycle is over.
 */
class window_learner {
 public:
    struct cycle {
        double admitted = 0;
        seconds span{0};     ///< since the reopening before
        seconds closed{0};   ///< the end of it
        bool first = false;  ///< it began with the first send, so it may hold a bucket's initial fill
    };

    /// The phase closes while the limit is known from rejections.
    void closing(std::optional<double> measured) {
        if (short_cycles_ == 0) before_closing_ = measured;
    }
    /// The rate to go on at. @param current what was believed before, 0 if nothing
    double reopened(const cycle& done, double current);
    /// Whether that cycle was long enough to measure; a shorter one is merged into the next.
    static bool is_whole(const cycle& done);
    /// Whether it was closed for so long that a plain limit would have admitted something.
    static bool is_window_like(const cycle& done);

    /// The highest rate that a closed time left standing.
    double best() const { return std::max({before_closing_.value_or(0), rates_[0], rates_[1], rates_[2]}); }
    std::optional<double> quota() const { return quota_; }
    /// Whether a rejection after so many admissions since the reopening is where the quota ends.
    bool used_up_by(double admitted) const;
    /// Of the whole cycles that looked like a window; a little less than one.
    seconds shortest_span() const { return shortest_span_; }
    /// Takes the quota that an earlier run learned for a fact, until it is contradicted.
    void remember(double quota) { quota_ = quota; }
    /// Between two onsets much less was admitted than the quota: after some repetitions it is forgotten.
    void check(double admitted);

 private:
    std::array<double, 3> rates_{};  // of the latest whole cycles
    std::size_t cycles_ = 0;
    unsigned short_cycles_ = 0;
    std::optional<double> before_closing_;
    std::optional<double> quota_;
    seconds shortest_span_{0};
    int contradictions_ = 0;
};

}  // namespace stagger
