#pragma once

#include <optional>

#include "base/seconds.hpp"
#include "pacing/send_counter.hpp"

namespace stagger {

/** @brief Holds a limit behind refusals by chance: at the pace at which a little more is refused than chance
 * refuses.
 *
 * Where a tenth is refused anyhow, a refusal does not tell when the limit was reached. But the share that is
 * refused rises above it, so the pace follows the share: each send raises it a little and each refusal lowers
 * it by as much as the aimed-at share balances (H. Robbins, S. Monro, "A Stochastic Approximation Method",
 * Ann. Math. Statist. 22, 1951). Every few hundred sends some go a good deal slower: what is refused of those
 * is chance's alone.
 */
class share_pace {
 public:
    /// What was refused of the sends that went slower.
    struct look {
        double sent = 0;
        double refused = 0;
    };

    /// @param next the first send at this pace
    share_pace(double per_s, send_number next)
        : per_s_(per_s), first_(next), next_look_(next + first_look_after) {}

    double per_s() const { return looking() ? looks_at * per_s_ : per_s_; }
    /// @param paced the pace was what held it back
    /// @param chance the share that is refused whatever the pace
    void sent(const departure& sent, bool paced, double chance, seconds round_trip);
    /// @param pace at which it left
    void refused(const departure& sent, double pace, seconds round_trip);
    /// Refused one behind the other, up to the last refusal.
    unsigned run() const { return run_; }
    /// What a look has told, once it is over.
    std::optional<look> take_look(time_point now, seconds round_trip);

 private:
    // Slow enough that a pace that has wandered a fifth above the limit lies below it.
    static constexpr double looks_at = 0.75;
    static constexpr send_number first_look_after = 60;
    static constexpr send_number sends_between_looks = 240;
    static constexpr send_number sends_in_look = 48;

    bool looking() const { return look_from_ && seen_.sent < sends_in_look; }

    double per_s_;
    send_number first_;
    send_number last_refused_ = 0;
    unsigned run_ = 0;
    send_number next_look_;
    std::optional<send_number> look_from_;
    send_number look_to_ = 0;
    time_point look_ended_{};
    look seen_;
};

}  // namespace stagger
