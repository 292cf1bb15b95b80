#include "coordinator/refused_kinds.hpp"

#include "coordinator/own_refusals.hpp"

namespace stagger {

namespace {

// Where answers take long, evidence that waits for them comes late: until then every other attempt is for
// nothing, and what is refused of the kind is taken for a limit. Wrong, a suspicion costs nothing, a probe or
// two the rest.
constexpr std::uint64_t plain_enough_to_suspect = 8;
constexpr std::uint64_t plain_enough_to_set_aside = 32;
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
    one.in_a_row = 0;
    if (!one.set_aside) return;
    one.set_aside = false;
    --set_aside_;
}

void refused_kinds::refused(task_kind kind, std::uint64_t others_before, time_point now,
                            random_source& random) {
    dropped(kind);
    state& one = at(kind);
    ++one.outcomes.refused;
    ++one.in_a_row;
    ++all_.refused;
    if (!one.refused_last) {
        one.refused_last = true;
        return own_refusals::begin(one.evidence, others(one));
    }
    own_refusals::weigh(one.evidence, others(one), others_before);
    const bool is_clear =
        own_refusals::is_established(one.evidence) || is_plain(one, plain_enough_to_set_aside);
    if (one.set_aside || !is_clear) return;
    one.set_aside = true;
    ++set_aside_;
    one.gap = first_gap;
    schedule_probe(one, now, random);
}

bool refused_kinds::is_suspected(task_kind kind) const {
    if (is_plain(at(kind), plain_enough_to_suspect)) return true;
    const refusal_evidence& evidence = at(kind).evidence;
    // Other kinds are still answered, and nothing of them was refused. No proof, but one refusal of theirs
    // ends the suspicion, and without it the kind would slow everybody down before there is any.
    const bool alone = evidence.latest.admitted > evidence.before.admitted &&
                       evidence.latest.refused == evidence.before.refused;
    return alone || own_refusals::is_suspected(evidence);
}

bool refused_kinds::is_plain(const state& kind, std::uint64_t count) {
    const std::uint64_t admitted = own_refusals::admitted_meanwhile(kind.evidence);
    const std::uint64_t refused = kind.evidence.latest.refused - kind.evidence.before.refused;
    return kind.in_a_row >= count && admitted >= count && admitted >= refused;
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
