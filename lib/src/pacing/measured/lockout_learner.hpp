#pragma once

#include <optional>

#include "pacing/measured/closed_phase.hpp"

namespace stagger {

/// A time in which requests were admitted, from one reopening to the next rejection.
struct open_run {
    double admitted = 0;
    seconds span{0};
};

/** @brief Finds out whether the server punishes impatience: once it has refused, it refuses until it is left
 * alone.
 *
 * Such a lockout opens only when the silence before a probe reaches a certain length. A silence longer than
 * all that failed, and too long to be just the next slot, makes it suspected, a second one confirms it; a
 * shorter silence that works, or a longer one that fails, refutes it for good: then the closed time ends by
 * the clock. Behind a lockout a closed time says nothing about the rate, so that is measured from open runs:
 * each admitted what was saved plus rate times span, and two of different length tell the two apart.
 */
class lockout_learner {
 public:
    /// Takes a lockout of an earlier run for a fact.
    /// @param burst what was admitted at once then, if known
    void remember(seconds silence, std::optional<double> burst) {
        silence_ = silence;
        burst_ = burst;
        seen_ = 2;
    }

    bool suspected() const { return seen_ > 0; }
    /// From now on every rejection starts a lockout, and is paid for as one.
    bool confirmed() const { return seen_ >= 2; }
    seconds silence() const { return silence_; }
    /// What the server admits at once, if runs of different length, or an earlier run, tell it.
    std::optional<double> burst() const { return burst_; }
    /// Whether silences of growing length are still worth trying.
    bool possible() const { return !refuted_; }

    void probe_rejected(const closed_phase& phase, const closed_phase::probe& failed);
    /// Knocking before the announced end moved that end away.
    void impatience_punished(seconds announced) {
        silence_ = announced;
        seen_ = 2;
    }
    /// A request sent after the rejection was admitted.
    void admitted_while_closed() { refute(); }
    void probe_admitted(const closed_phase& phase, const closed_phase::probe& worked, const open_run& before);

    /// The rate by open runs, `before` being the latest; none if it is no lockout after all.
    std::optional<double> rate_after(const open_run& before);

 private:
    void refute() {
        refuted_ = true;
        seen_ = 0;
    }
    void note_silence(const closed_phase& phase, const closed_phase::probe& worked, const open_run& before);
    void remember(const open_run& run);

    unsigned seen_ = 0;
    bool refuted_ = false;
    seconds silence_{0};
    std::optional<double> burst_;
    seconds shortest_that_worked_ = duration::max();
    std::optional<open_run> shortest_;
    std::optional<open_run> longest_;
};

}  // namespace stagger
