#include "probe/limit_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "probe/limit_counts.hpp"

namespace stagger::probe {
namespace {

struct capacity_fit {
    double low = 1;                                          ///< the least that explains as much
    double below = std::numeric_limits<double>::infinity();  ///< explains less from here on
    std::size_t unexplained = 0;
};

capacity_fit fit_capacity(limit_counts counts) {
    // The counts of a draining limit are sums of many steps; in them 5.9999999 is 6.
    constexpr double rounding = 1e-6;
    std::sort(counts.admitted.begin(), counts.admitted.end());
    std::sort(counts.refused.begin(), counts.refused.end());
    capacity_fit best;
    best.unexplained = std::numeric_limits<std::size_t>::max();
    std::size_t refused_within = 0;
    for (std::size_t each = 0; each < counts.admitted.size(); ++each) {
        const double capacity = counts.admitted[each];
        if (each + 1 < counts.admitted.size() && counts.admitted[each + 1] <= capacity + rounding) continue;
        while (refused_within < counts.refused.size() &&
               counts.refused[refused_within] <= capacity + rounding) {
            ++refused_within;
        }
        const std::size_t unexplained = counts.admitted.size() - each - 1 + refused_within;
        if (unexplained >= best.unexplained) continue;
        best.unexplained = unexplained;
        best.low = capacity;
        best.below = refused_within < counts.refused.size() ? counts.refused[refused_within]
                                                            : std::numeric_limits<double>::infinity();
    }
    return best;
}

/// What a draining limit that counts refusals holds shows before the first of them only: after each it is
/// full.
double first_fill(const limit_evidence& evidence, double per_s) {
    double level = 0;
    double last_s = 0;
    double most = 1;
    for (const auto& each : evidence.admitted) {
        if (!evidence.refused_at_s.empty() && each.at_s > evidence.refused_at_s.front() + evidence.slack_s)
            break;
        level = std::max(0.0, level - per_s * (each.at_s - last_s)) + 1;
        last_s = each.at_s;
        most = std::max(most, level);
    }
    return most;
}

/// What is refused leaves these limits equally full, so that a pace as even as the requests would explain
/// whatever came of them: where many refusals might as well be admissions, they are not explained.
capacity_fit without_chance(capacity_fit fit, const limit_counts& counts) {
    constexpr double rounding = 1e-6;
    constexpr std::size_t one_in = 4;
    std::size_t refused_or_not = 0;
    for (std::size_t each = 0; each < counts.refused.size(); ++each) {
        refused_or_not +=
            counts.refused[each] > fit.low + rounding && counts.refused_at_least[each] <= fit.low + rounding;
    }
    if (one_in * refused_or_not > counts.refused.size()) fit.unexplained += refused_or_not;
    return fit;
}

/// How many answers a draining limit explains that counts refusals, of the capacity that it showed at first.
capacity_fit fit_full(const limit_evidence& evidence, double per_s) {
    constexpr double rounding = 1e-6;
    const double capacity = std::ceil(first_fill(evidence, per_s) - rounding);
    const limit_counts counts = count_draining_with_refused(evidence, per_s, capacity);
    const auto beyond = [&](double count) { return count > capacity + rounding; };
    capacity_fit fit{capacity, capacity + 1, 0};
    fit.unexplained = static_cast<std::size_t>(
        std::count_if(counts.admitted.begin(), counts.admitted.end(), beyond) +
        std::count_if(counts.refused.begin(), counts.refused.end(), std::not_fn(beyond)));
    return without_chance(fit, counts);
}

/// How well a rule explains the evidence with a given pace: the rate, or the window's length.
using explanation = std::function<capacity_fit(double pace)>;

struct scored_pace {
    double pace;
    std::size_t unexplained;
};

/// Looks at paces a factor apart.
std::vector<scored_pace> scan(const explanation& explain, double from, double to, double factor) {
    std::vector<scored_pace> found;
    for (double pace = from; pace <= to * factor; pace *= factor)
        found.push_back({pace, explain(pace).unexplained});
    return found;
}

/// The end of the paces that explain as much as `from`, stepping by `factor`.
double edge_of(const explanation& explain, double from, double factor, std::size_t unexplained) {
    constexpr int fine_steps = 60;
    constexpr int all_steps = 160;
    double pace = from;
    for (int step = 0; step < all_steps; ++step) {
        // Wide ranges need no fine end.
        const double next = pace * (step < fine_steps ? factor : std::pow(factor, 20));
        if (explain(next).unexplained > unexplained) break;
        pace = next;
    }
    return pace;
}

fitted_range best_pace(const explanation& explain, double from, double to) {
    constexpr double coarse = 1.02;
    constexpr double fine = 1.001;
    constexpr std::size_t looked_at_closely = 6;
    const auto better = [](const scored_pace& left, const scored_pace& right) {
        return left.unexplained < right.unexplained;
    };
    std::vector<scored_pace> found = scan(explain, from, to, coarse);
    std::stable_sort(found.begin(), found.end(), better);
    found.resize(std::min(found.size(), looked_at_closely));
    std::vector<scored_pace> close;
    for (const scored_pace& each : found) {
        const auto around = scan(explain, each.pace / coarse, each.pace * coarse, fine);
        close.insert(close.end(), around.begin(), around.end());
    }
    const scored_pace best = *std::min_element(close.begin(), close.end(), better);
    fitted_range range;
    range.low = edge_of(explain, best.pace, 1 / fine, best.unexplained);
    range.high = edge_of(explain, best.pace, fine, best.unexplained);
    range.best = (range.low + range.high) / 2;
    return range;
}

/// A span in which a limit began to admit again: from a refusal to the admission after it.
struct reopening {
    double from_s = 0;
    double to_s = 0;
};

reopening narrowest_reopening(const limit_evidence& evidence) {
    reopening best{0, std::numeric_limits<double>::infinity()};
    std::size_t next = 0;
    for (std::size_t each = 0; each < evidence.refused_at_s.size(); ++each) {
        const double refused_s = evidence.refused_at_s[each];
        while (next < evidence.admitted.size() && evidence.admitted[next].at_s <= refused_s) ++next;
        if (next == evidence.admitted.size()) break;
        const double admitted_s = evidence.admitted[next].at_s;
        const bool refused_between =
            each + 1 < evidence.refused_at_s.size() && evidence.refused_at_s[each + 1] < admitted_s;
        // A burst's first admission after its first refusals is no reopening.
        const bool too_close = admitted_s - refused_s < 2 * evidence.slack_s;
        if (refused_between || too_close) continue;
        if (admitted_s - refused_s < best.to_s - best.from_s) best = {refused_s, admitted_s};
    }
    return best;
}

limit_fit make_fit(limit_rule rule, const fitted_range& pace, const capacity_fit& capacity) {
    limit_fit fit;
    fit.rule = rule;
    fit.pace = pace;
    fit.unexplained = capacity.unexplained;
    fit.capacity.low = capacity.low;
    fit.capacity.high = capacity.below;
    // What is counted are requests: the next whole number, if it is within the range; of what a capacity has
    // beyond a whole number nobody gets anything.
    const double whole = std::ceil(capacity.low - 1e-6);
    fit.capacity.best = whole < capacity.below ? whole : std::floor(capacity.low);
    return fit;
}

double longest_window_s(const limit_evidence& evidence) {
    return 2 * evidence.span_s + 1;
}

// Within a few slacks of each other requests may have come in any order, and a short enough window explains
// whatever came of them.
double shortest_window_s(const limit_evidence& evidence) {
    constexpr double least_s = 0.1;
    return std::max(10 * evidence.slack_s, least_s);
}

limit_fit fit_clock(const limit_evidence& evidence) {
    const reopening opened = narrowest_reopening(evidence);
    constexpr int moments = 7;
    limit_fit best;
    best.unexplained = std::numeric_limits<std::size_t>::max();
    if (!std::isfinite(opened.to_s)) return make_fit(limit_rule::clock_opens, {}, {1, 1, evidence.answers()});
    for (int moment = 0; moment < moments; ++moment) {
        const double turned_s = opened.from_s + (opened.to_s - opened.from_s) * (moment + 0.5) / moments;
        const explanation explain = [&](double window_s) {
            return fit_capacity(count_clock_opens(evidence, window_s, turned_s));
        };
        const fitted_range pace = best_pace(explain, shortest_window_s(evidence), longest_window_s(evidence));
        const limit_fit fit = make_fit(limit_rule::clock_opens, pace, explain(pace.best));
        if (fit.unexplained < best.unexplained)
            best = fit;
        else if (fit.unexplained == best.unexplained) {
            best.pace.low = std::min(best.pace.low, fit.pace.low);
            best.pace.high = std::max(best.pace.high, fit.pace.high);
            best.pace.best = (best.pace.low + best.pace.high) / 2;
        }
    }
    return best;
}

}  // namespace

fitted_range limit_fit::rate_per_s() const {
    if (rule == limit_rule::draining) return pace;
    if (!is_window(rule) || !(pace.low > 0)) return {};
    return {capacity.best / pace.best, capacity.best / pace.high, capacity.best / pace.low};
}

limit_fit fit_limit(limit_rule rule, const limit_evidence& evidence) {
    if (rule == limit_rule::in_flight) return make_fit(rule, {}, fit_capacity(count_in_flight(evidence)));
    if (rule == limit_rule::clock_opens) return fit_clock(evidence);
    explanation explain;
    double from = shortest_window_s(evidence);
    double to = longest_window_s(evidence);
    if (rule == limit_rule::draining) {
        // From one in twice the time that was watched to one within the slack.
        to = 1 / evidence.slack_s;
        from = 1 / longest_window_s(evidence);
        explain = [&](double per_s) { return fit_capacity(count_draining(evidence, per_s)); };
    } else if (rule == limit_rule::sliding) {
        explain = [&](double window_s) { return fit_capacity(count_sliding(evidence, window_s)); };
    } else {
        explain = [&](double window_s) { return fit_capacity(count_first_opens(evidence, window_s)); };
    }
    const fitted_range pace = best_pace(explain, from, to);
    return make_fit(rule, pace, explain(pace.best));
}

limit_fit fit_limit_with_refused(limit_rule rule, const limit_evidence& evidence) {
    const double shortest_s = shortest_window_s(evidence);
    const double longest_s = longest_window_s(evidence);
    explanation explain;
    limit_fit fit;
    if (rule == limit_rule::sliding) {
        explain = [&](double window_s) {
            const limit_counts counts = count_sliding_with_refused(evidence, window_s);
            return without_chance(fit_capacity(counts), counts);
        };
        const fitted_range pace = best_pace(explain, shortest_s, longest_s);
        fit = make_fit(rule, pace, explain(pace.best));
    } else {
        explain = [&](double per_s) { return fit_full(evidence, per_s); };
        const fitted_range pace = best_pace(explain, 1 / longest_s, 1 / evidence.slack_s);
        fit = make_fit(rule, pace, explain(pace.best));
    }
    fit.counts_refused = true;
    return fit;
}

std::vector<limit_fit> fit_all(const limit_evidence& evidence) {
    std::vector<limit_fit> fits;
    constexpr std::array with_refused{limit_rule::draining, limit_rule::sliding};
    fits.reserve(limit_rules.size() + with_refused.size());
    for (const limit_rule rule : limit_rules) fits.push_back(fit_limit(rule, evidence));
    for (const limit_rule rule : with_refused) fits.push_back(fit_limit_with_refused(rule, evidence));
    std::stable_sort(fits.begin(), fits.end(), [](const limit_fit& left, const limit_fit& right) {
        return left.unexplained < right.unexplained;
    });
    return fits;
}

}  // namespace stagger::probe
