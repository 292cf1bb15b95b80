#include "coordinator/refused_kinds.hpp"

#include "coordinator/own_refusals.hpp"

namespace stagger {

namespace {

constexpr seconds first_gap{1};
constexpr seconds longest_gap{30};
constexpr double gap_growth = 2;
constexpr double gap_jitter = 0.1;

}  // namespace

void refused_kinds::admitted(task_kind kind) {
    dropped(kind);
    state& one = at(kind);
    ++one.outcomes.admitted;
    ++all_.admitted;
    one.refused_last = false;
    one.evidence = {};
    if (!one.set_aside) return;
    one.set_aside = false;
    --set_aside_;
}

void refused_kinds::refused(task_kind kind, std::uint64_t others_before, time_point now,
                            random_source& random) {
    dropped(kind);
    state& one = at(kind);
    ++one.outcomes.refused;
    ++all_.refused;
    if (!one.refused_last) {
        one.refused_last = true;
        return own_refusals::begin(one.evidence, others(one));
    }
    own_refusals::weigh(one.evidence, others(one), others_before);
    if (one.set_aside || !own_refusals::is_established(one.evidence)) return;
    one.set_aside = true;
    ++set_aside_;
    one.gap = first_gap;
    schedule_probe(one, now, random);
}

bool refused_kinds::is_suspected(task_kind kind) const {
    const refusal_evidence& evidence = at(kind).evidence;
    // Other kinds are still answered, and nothing of them was refused. No proof, but one refusal of theirs
    // ends the suspicion, and without it the kind would slow everybody down before there is any.
    const bool alone = evidence.latest.admitted > evidence.before.admitted &&
                       evidence.latest.refused == evidence.before.refused;
    return alone || own_refusals::is_suspected(evidence);
}

void refused_kinds::probe_ended(task_kind kind, time_point now, random_source& random) {
    state& one = at(kind);
    if (!one.set_aside) return;
    one.gap = std::min(gap_growth * one.gap, longest_gap);
    schedule_probe(one, now, random);
}

void refused_kinds::schedule_probe(state& kind, time_point now, random_source& random) {
    kind.next_probe = after(now, kind.gap * random.uniform(1 - gap_jitter, 1 + gap_jitter));
}

}  // namespace stagger
