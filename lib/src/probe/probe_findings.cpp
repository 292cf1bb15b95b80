#include "probe/probe_findings.hpp"

#include <algorithm>

#include "probe/limit_evidence.hpp"
#include "probe/probe_choice.hpp"
#include "probe/wanted_silence.hpp"

namespace stagger::probe {
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

// Who was watched for less may have had a window's end still to come.
constexpr double watched_long_enough_s = 1;

probe_verdict judge(const limit_evidence& evidence, const limit_fit& best, probe_end end) {
    if (end == probe_end::unusable) return probe_verdict::unusable;
    if (end == probe_end::down || evidence.answers() == 0) return probe_verdict::down;
    if (!evidence.anything_refused()) return probe_verdict::none_found;
    if (!admitted_after_refusals(evidence)) {
        const double watched_s = evidence.refused_at_s.back() - evidence.refused_at_s.front();
        return watched_s < watched_long_enough_s ? probe_verdict::undecided : probe_verdict::closed;
    }
    if (best.rule == limit_rule::in_flight) return probe_verdict::concurrency;
    return is_window(best.rule) ? probe_verdict::window : probe_verdict::rate;
}

/// What was admitted on average from a moment on, but for the largest burst, which may have been a quota that
/// lasts longer than it was watched.
double average_per_s(const limit_evidence& evidence, double from_s) {
    limit_evidence later;
    later.slack_s = evidence.slack_s;
    for (const auto& each : evidence.admitted) {
        if (each.at_s > from_s + evidence.slack_s) later.admitted.push_back(each);
    }
    const double watched_s = evidence.span_s - from_s;
    const std::size_t counted = later.admitted.size() - most_in_second(later);
    return watched_s > 0 ? static_cast<double>(counted) / watched_s : 0;
}

/// A limit on requests in flight says nothing of a rate.
double slowest_per_s(const limit_evidence& evidence, const std::vector<limit_fit>& fits) {
    // With the first refusal all that was saved up is spent; but where several limits refuse, one of them may
    // have gone on with that for long.
    constexpr double surely_lasting = 0.5;
    const double refused_s = evidence.refused_at_s.front();
    const double middle_s = (refused_s + evidence.span_s) / 2;
    double slowest =
        surely_lasting * std::min(average_per_s(evidence, refused_s), average_per_s(evidence, middle_s));
    for (const limit_fit& fit : fits) {
        const double per_s = fit.rate_per_s().low;
        if (per_s > 0) slowest = std::min(slowest, per_s);
    }
    return slowest;
}

/// Whether two limits mean the same pace in the long run.
bool agree(const fitted_range& left, const fitted_range& right) {
    constexpr double closely = 1.1;
    return left.best <= right.best * closely && right.best <= left.best * closely;
}

}  // namespace

bool probe_findings::explains(std::size_t strictness) const {
    const std::size_t unexplained = strictness * limit.unexplained;
    return 50 * unexplained <= admitted + refused && 8 * unexplained <= std::min(admitted, refused);
}

bool probe_findings::is_sure_of_places() const {
    // A limit on the rate that stands behind it shows only at the end.
    if (end != probe_end::finished && end != probe_end::out_of_requests) return false;
    constexpr double closely = 0.1;
    const double least = limit.capacity.low;
    const double most = std::max(least, limit.capacity.high - 1);
    if (most - least > std::max(1.0, closely * least)) return false;
    // A few refusals are soon explained by something else as well.
    constexpr std::size_t few = 8;
    return refused >= few ||
           std::none_of(also_possible.begin(), also_possible.end(),
                        [&](const limit_fit& other) { return other.unexplained <= limit.unexplained; });
}

bool probe_findings::is_sure() const {
    // Refusals by chance make a limit look lower than it is, and nearly all of them are explained by that.
    constexpr std::size_t strictly = 2;
    if (!explains(strictly)) return false;
    if (limit.rule == limit_rule::in_flight) return is_sure_of_places();
    if (wants_silence) return false;
    constexpr double precise = 0.1;
    const fitted_range rate = limit.rate_per_s();
    return limit.pace.uncertainty() <= precise &&
           std::all_of(also_possible.begin(), also_possible.end(), [&](const limit_fit& other) {
               return other.rule == limit_rule::in_flight || agree(rate, other.rate_per_s());
           });
}

fitted_range probe_findings::rate_per_s() const {
    fitted_range rate = limit.rate_per_s();
    for (const limit_fit& other : also_possible) {
        if (other.rule == limit_rule::in_flight) continue;
        rate.low = std::min(rate.low, other.rate_per_s().low);
        rate.high = std::max(rate.high, other.rate_per_s().high);
    }
    return rate;
}

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
        case probe_verdict::undecided:
            return "undecided";
        case probe_verdict::unanswered:
            return "unanswered";
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
    const std::size_t left = count(answers, outcome::left);
    found.admitted = found.requests - found.refused - found.failed - left;
    if (answers.empty()) {
        found.verdict = probe_verdict::down;
        return found;
    }
    // What a server holds counts as admitted, but only beside what it has answered.
    const std::size_t held = count(answers, outcome::pending) + left;
    const bool ended_by_answers = end == probe_end::down || end == probe_end::unusable;
    if (held > 0 && held + found.failed == found.requests && !ended_by_answers) {
        found.verdict = probe_verdict::unanswered;
        found.admitted = 0;
        return found;
    }
    const limit_evidence evidence = evidence_of(answers);
    const std::vector<limit_fit> fits = ranked_fits(answers);
    found.verdict = judge(evidence, fits.front(), end);
    found.limit = fits.front();
    if (evidence.anything_refused()) found.cautious_per_s = slowest_per_s(evidence, fits);
    found.most_at_once = most_at_once(evidence);
    found.most_in_second = most_in_second(evidence);
    found.wants_silence = find_wanted_silence(evidence).is_possible();
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

}  // namespace stagger::probe
