#pragma once

#include <array>
#include <bitset>
#include <vector>

#include "pacing/send_counter.hpp"

namespace stagger {

/** @brief Tells refusals that come whatever the load from those that a limit causes.
 *
 * An overloaded server refuses some share of its requests at random: going slower does not help. A limit
 * refuses next to nothing below it, and a large share of what is sent above it. So each refusal is held
 * against two explanations. By chance: it came with the share that has been refused so far, which is known as
 * a distribution over a few shares. By a limit: since some recent send a far larger share is refused. The
 * logarithm of how much likelier the second is adds up from refusal to refusal, and never falls below zero
 * (Page's cumulative sum, E. S. Page, "Continuous Inspection Schemes", Biometrika 41, 1954). Until it reaches
 * a bar the refusals are taken as chance; once it does, all of them since it left zero were the limit's.
 *
 * Where little has been refused, one refusal is enough; where a tenth is refused anyhow, it takes several in
 * close succession.
 */
class refusals_by_chance {
 public:
    /// A refused send, in about the order of sending. Returns the refusals that the limit has caused, as far
    /// as they were not returned before; none while chance explains it.
    /// @param bar how much likelier, as a logarithm, the limit must be
    /// @param teaches whether it tells about chance: not where a limit is being tested
    /// @param presumed_to sends before this one that were not refused by now may be presumed admitted
    const std::vector<departure>& refused(const departure& sent, double bar, bool teaches,
                                          send_number presumed_to);

    /// The share that is refused whatever the load; next to nothing where nothing points to chance.
    double share() const;
    /// Whether chance refuses a share that matters.
    bool matter() const;

    /// So much was refused of what was sent far below any limit.
    void looked(double sent, double refused);

    /// Refusals went on where no limit explains them: about this share is refused by chance.
    void established(double share);

 private:
    static constexpr double noticeable = 0.019;
    static constexpr std::array<double, 12> shares{.002, .005, .01, .02, .04, .07,
                                                   .1,   .14,  .18, .23, .28, .35};
    static constexpr std::array<double, 6> limit_shares{.45, .55, .65, .75, .85, .97};
    template <std::size_t Size>
    using weights = std::array<double, Size>;

    void admitted_since_last(double count);
    double evidence_between(send_number refused, send_number presumed_to) const;
    void forget(double count);

    weights<shares.size()> by_chance_ = beginning();
    weights<shares.size()> before_excess_ = by_chance_;  ///< as it was when the sum left zero
    weights<limit_shares.size()> by_limit_ = even();
    double excess_ = 0;  ///< logarithm of how much likelier a limit is
    send_number next_ = 0;
    std::bitset<1024> refused_;  ///< of the sends before
    std::vector<departure> undecided_;
    std::vector<departure> caused_;

    static weights<shares.size()> beginning();
    static weights<limit_shares.size()> even();
};

}  // namespace stagger
