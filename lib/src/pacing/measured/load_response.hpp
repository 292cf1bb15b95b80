#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "pacing/pacing.hpp"

namespace stagger {

/** @brief How the share that is refused depends on the pace.
 *
 * A limit refuses next to nothing below it and all that is above: at the pace L/x of a limit L, the share
 * 1 - x. An overloaded server refuses a share whatever the pace. Sends and refusals are counted for each pace
 * in steps of a fifth; the share by chance is the one that, with the best limit or none, explains the counts
 * far better than the best limit alone. And refusals by chance come at irregular intervals: where about as
 * much was admitted between any two, it is a quota that ends.
 */
class load_response {
 public:
    void sent(double pace) { count(pace, 1, 0); }
    /// @param admitted since the last refusal that was followed by an admission
    void refused(double pace, double admitted);
    /// A refusal, counted before, that a closed time explains.
    void explained(double pace) { count(pace, -1, -1); }
    /// The pace is cut: it had been this.
    void went_at(double pace) { fastest_ = std::max(fastest_, pace); }
    /// The fastest pace so far.
    double fastest() const { return fastest_; }
    /// What was counted belongs to another limit.
    void forget() { *this = {}; }
    /// What was counted may belong to another limit.
    void doubt();

    struct finding {
        double share = 0;                   ///< refused whatever the pace
        std::optional<double> limit_per_s;  ///< above which more is refused, if any was tried
    };
    /// What is refused by chance, if that is far likelier than a limit behind the share `known`.
    std::optional<finding> by_chance(double known) const;

 private:
    static constexpr std::size_t steps = 96;
    struct tally {
        double sent = 0;
        double refused = 0;
    };
    void count(double pace, double sent, double refused);
    double likelihood(double chance, double limit_step) const;
    struct fit {
        double likelihood = 0;
        double limit_step = 0;
    };
    fit best_limit(double chance) const;
    bool irregular() const;

    std::array<tally, steps> at_{};
    std::size_t lowest_ = steps;
    std::size_t highest_ = 0;
    double in_all_ = 0;
    double fastest_ = 0;
    std::array<double, 8> gaps_{};
    std::size_t gap_count_ = 0;
};

}  // namespace stagger
