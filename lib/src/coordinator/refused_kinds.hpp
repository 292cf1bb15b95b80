#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/seconds.hpp"
#include "stagger/random.hpp"
#include "stagger/refusal_history.hpp"

namespace stagger {

/** @brief Which kinds of tasks (models, keys) are refused as a whole while others are admitted.
 *
 * Counts the outcomes of each kind, and compares each with all others (own_refusals). A kind of which nothing
 * is admitted while others are, beyond what chance explains, is set aside: its tasks wait by themselves, one
 * probe at a time, with gaps that double up to half a minute. One admission brings it back.
 */
class refused_kinds {
 public:
    /// Makes room for a kind. Everything else cannot fail.
    void know(task_kind kind) {
        if (place(kind) >= kinds_.size()) kinds_.resize(place(kind) + 1);
    }
    /// Kinds so far, by their numbers: some of those below may never have come.
    std::size_t size() const { return kinds_.size(); }
    /// Where a kind is kept: its number, and one place for all that are not told apart.
    static std::size_t place(task_kind kind) {
        return std::min<std::size_t>(static_cast<std::size_t>(kind), task_kinds_told_apart - 1);
    }

    /// Attempts of other kinds so far.
    std::uint64_t others_sent(task_kind kind) const { return others(at(kind)).sent(); }
    /// What became of all attempts of a kind.
    const attempt_counts& outcomes(task_kind kind) const { return at(kind).outcomes; }

    void sent(task_kind kind) {
        ++at(kind).outcomes.under_way;
        ++all_.under_way;
    }
    /// One that was sent, and tells nothing.
    void dropped(task_kind kind) {
        --at(kind).outcomes.under_way;
        --all_.under_way;
    }
    void admitted(task_kind kind);
    /// @param others_before sent of other kinds, when this attempt was
    void refused(task_kind kind, std::uint64_t others_before, time_point now, random_source& random);

    /// Hardly chance: what is refused of the kind is not to be taken for a limit.
    bool is_suspected(task_kind kind) const;
    bool is_set_aside(task_kind kind) const { return at(kind).set_aside; }
    bool any_set_aside() const { return set_aside_ > 0; }

    /// When the next probe of a kind that is set aside may go; `never` while one is out.
    time_point next_probe(task_kind kind) const { return at(kind).next_probe; }
    void probe_sent(task_kind kind) { at(kind).next_probe = never; }
    /// However it ended.
    void probe_ended(task_kind kind, time_point now, random_source& random);

 private:
    struct state {
        attempt_counts outcomes;
        refusal_evidence evidence;
        bool refused_last = false;   // nothing was admitted since the evidence began
        std::uint64_t in_a_row = 0;  // refusals since then
        bool set_aside = false;
        seconds gap{0};
        time_point next_probe = never;
    };

    state& at(task_kind kind) { return kinds_[place(kind)]; }
    const state& at(task_kind kind) const { return kinds_[place(kind)]; }
    attempt_counts others(const state& kind) const {
        return {all_.admitted - kind.outcomes.admitted, all_.refused - kind.outcomes.refused,
                all_.under_way - kind.outcomes.under_way};
    }
    /// So many were refused, none admitted, and as many others admitted that were sent meanwhile, most of
    /// them: it takes no reckoning. Bursts of refusals, which that has to allow for, are not so long.
    static bool is_plain(const state& kind, std::uint64_t count);
    static void schedule_probe(state& kind, time_point now, random_source& random);

    std::vector<state> kinds_;
    attempt_counts all_;
    std::size_t set_aside_ = 0;
};

}  // namespace stagger
