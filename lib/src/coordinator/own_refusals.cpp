#include "coordinator/own_refusals.hpp"

#include <algorithm>
#include <cmath>

namespace stagger::own_refusals {

namespace {

// Even a server that refuses nothing at all for hundreds of requests may have a bad moment.
constexpr double least_chance = 0.003;
// Natural logarithms of probabilities. A doubt costs a wait of less than a second; a suspicion keeps a
// refusal from the pacing, which has others to learn from; certainty ends a request for good.
const double doubtful_below = std::log(0.25);
const double suspected_below = std::log(1e-3);
const double established_below = std::log(1e-4);
const double certain_below = std::log(1e-9);

constexpr seconds first_wait{0.1};
constexpr seconds longest_wait_of_all{8};
constexpr std::uint32_t doublings_to_longest = 7;

/// Not below zero: a history may come from another coordinator.
std::uint64_t less(std::uint64_t count, std::uint64_t by) {
    return count - std::min(count, by);
}

/// What became of those sent after `from`, known at `to`. Whatever was under way at `from` is taken to be
/// admitted first, and says nothing of what came later.
attempt_counts sent_between(const attempt_counts& from, const attempt_counts& to) {
    return {less(to.admitted, from.admitted + from.under_way), less(to.refused, from.refused), 0};
}

double chance_of_refusal(const attempt_counts& others) {
    return own_refusals::chance_of_refusal(others.admitted, others.refused);
}

}  // namespace

double chance_of_refusal(std::uint64_t admitted, std::uint64_t refused) {
    const double a = static_cast<double>(refused) + 1;
    const double b = static_cast<double>(admitted) + 1;
    const double mean = a / (a + b);
    const double deviation = std::sqrt(mean * (1 - mean) / (a + b + 1));
    return std::clamp(mean + deviation, least_chance, 1.0);
}

void begin(refusal_evidence& evidence, const attempt_counts& others) {
    evidence = {};
    evidence.before = evidence.latest = evidence.weighed = others;
}

void weigh(refusal_evidence& evidence, const attempt_counts& others, std::uint64_t sent_before) {
    evidence.latest = others;
    evidence.singled_out = sent_before > evidence.before.sent() && others.refused == evidence.before.refused;
    const attempt_counts stretch = sent_between(evidence.weighed, others);
    if (stretch.admitted == 0) return;
    evidence.weighed = others;
    if (stretch.refused == 0) {
        ++evidence.alone;
    } else {
        const double in_all = chance_of_refusal(sent_between(evidence.before, others));
        evidence.log_rest += std::log(std::max(chance_of_refusal(stretch), in_all));
    }
}

std::uint64_t admitted_meanwhile(const refusal_evidence& evidence) {
    return sent_between(evidence.before, evidence.latest).admitted;
}

double log_chance(const refusal_evidence& evidence) {
    const double in_all = chance_of_refusal(sent_between(evidence.before, evidence.latest));
    return evidence.log_rest + evidence.alone * std::log(in_all);
}

bool is_doubtful(const refusal_evidence& evidence) {
    return evidence.singled_out || log_chance(evidence) < doubtful_below;
}

bool is_suspected(const refusal_evidence& evidence) {
    return evidence.singled_out || log_chance(evidence) < suspected_below;
}

bool is_suspected(const refusal_history& history) {
    return history.refusals > 2 && is_suspected(history.evidence);
}

bool is_established(const refusal_evidence& evidence) {
    return log_chance(evidence) < established_below;
}

bool is_certain(const refusal_evidence& evidence) {
    return log_chance(evidence) < certain_below;
}

void note(refusal_history& history, time_point now, const attempt_counts& alike, std::uint64_t sent_before,
          duration shortest) {
    // The task's own refusals are counted with those of its kind, this one only after the call.
    const attempt_counts others{alike.admitted, less(alike.refused, history.refusals), alike.under_way};
    const std::uint64_t others_before = less(sent_before, history.refusals);
    if (history.refusals++ == 0) {
        history.since = now;
        return begin(history.evidence, others);
    }
    weigh(history.evidence, others, others_before);
    history.own = is_certain(history.evidence) && now - history.since >= shortest;
}

seconds longest_wait(std::uint32_t refusals) {
    const double doubled =
        std::ldexp(first_wait.count(), static_cast<int>(std::min(refusals, doublings_to_longest)));
    return std::min(seconds(doubled), longest_wait_of_all);
}

}  // namespace stagger::own_refusals
