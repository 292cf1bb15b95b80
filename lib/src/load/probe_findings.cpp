#include "load/probe_findings.hpp"

#include <algorithm>

#include "load/limit_evidence.hpp"
#include "load/probe_choice.hpp"

namespace stagger::load {
namespace {

using outcome = probe_answer::outcome;

std::size_t count(const std::vector<probe_answer>& answers, outcome what) {
    return static_cast<std::size_t>(std::count_if(
        answers.begin(), answers.end(), [what](const probe_answer& each) { return each.what == what; }));
}

/// Most admitted requests of which each was still on its way when the last of them was sent.
std::size_t most_at_once(const limit_evidence& evidence) {
    std::size_t most = 0;
    for (const auto& each : evidence.admitted) {
        const auto together = std::count_if(
            evidence.admitted.begin(), evidence.admitted.end(), [&](const limit_evidence::admission& other) {
                return other.at_s <= each.at_s && other.answered_s > each.at_s;
            });
        most = std::max(most, static_cast<std::size_t>(together));
    }
    return most;
}

std::size_t most_in_second(const limit_evidence& evidence) {
    std::size_t most = 0;
    std::size_t oldest = 0;
    for (std::size_t each = 0; each < evidence.admitted.size(); ++each) {
        while (evidence.admitted[oldest].at_s <= evidence.admitted[each].at_s - 1) ++oldest;
        most = std::max(most, each - oldest + 1);
    }
    return most;
}

bool admitted_after_refusals(const limit_evidence& evidence) {
    return evidence.anything_refused() && !evidence.admitted.empty() &&
           evidence.admitted.back().at_s > evidence.refused_at_s.front() + 2 * evidence.slack_s;
}

/// Requests in flight are not what is limited where a paced line holds them, and one in so many seconds is
/// the same whether it is called a rate or a window.
bool is_no_other(const probe_findings& found, const limit_fit& fit) {
    if (fit.rule == limit_rule::in_flight) return found.line && found.line->is_paced();
    return found.limit.capacity.best == 1 && fit.capacity.best == 1;
}

probe_verdict judge(const limit_evidence& evidence, const limit_fit& best, probe_end end) {
    if (end == probe_end::unusable) return probe_verdict::unusable;
    if (end == probe_end::down || evidence.answers() == 0) return probe_verdict::down;
    if (!evidence.anything_refused()) return probe_verdict::none_found;
    if (!admitted_after_refusals(evidence)) return probe_verdict::closed;
    if (best.rule == limit_rule::in_flight) return probe_verdict::concurrency;
    return is_window(best.rule) ? probe_verdict::window : probe_verdict::rate;
}

}  // namespace

std::string_view to_string(probe_verdict verdict) {
    switch (verdict) {
        case probe_verdict::none_found:
            return "none_found";
        case probe_verdict::rate:
            return "rate";
        case probe_verdict::window:
            return "window";
        case probe_verdict::concurrency:
            return "concurrency";
        case probe_verdict::closed:
            return "closed";
        case probe_verdict::down:
            return "down";
        case probe_verdict::unusable:
            return "unusable";
    }
    return "unknown";
}

probe_findings conclude(const std::vector<probe_answer>& answers, probe_end end) {
    probe_findings found;
    found.end = end;
    found.requests = answers.size();
    found.refused = count(answers, outcome::refused);
    found.failed = count(answers, outcome::failed) + count(answers, outcome::unusable);
    found.admitted = found.requests - found.refused - found.failed;
    if (answers.empty()) {
        found.verdict = probe_verdict::down;
        return found;
    }
    const limit_evidence evidence = evidence_of(answers);
    const std::vector<limit_fit> fits = ranked_fits(answers);
    found.verdict = judge(evidence, fits.front(), end);
    found.limit = fits.front();
    found.most_at_once = most_at_once(evidence);
    found.most_in_second = most_in_second(evidence);
    found.line = find_line(answers);
    found.hints = check_hints(answers, found.limit);
    if (!found.has_limit()) return found;
    for (std::size_t each = 1; each < fits.size(); ++each) {
        if (is_no_other(found, fits[each])) continue;
        if (fits[each].unexplained <= found.limit.unexplained + 1)
            found.also_possible.push_back(fits[each]);
        else if (!found.next_best)
            found.next_best = fits[each];
    }
    return found;
}

}  // namespace stagger::load
