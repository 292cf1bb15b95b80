#include "probe/limit_counts.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace stagger::probe {
namespace {

using admission = limit_evidence::admission;

// Requests that are sent together arrive in any order, by more than the network's jitter: new connections are
// accepted when the server comes to it.
constexpr double order_slack_s = 0.003;

/// Tells, for one refusal after the other, how many admissions may have come before it.
class admissions_before {
 public:
    explicit admissions_before(const limit_evidence& evidence)
        : evidence_(evidence), slack_s_(evidence.slack_s + order_slack_s) {}

    std::size_t operator()(double refused_at_s) {
        while (count_ < evidence_.admitted.size() &&
               evidence_.admitted[count_].at_s <= refused_at_s + slack_s_) {
            ++count_;
        }
        return count_;
    }

 private:
    const limit_evidence& evidence_;
    double slack_s_;
    std::size_t count_ = 0;
};

/// Both kinds one after the other; of those that may have come in any order the admitted first, as whoever
/// came to a full one took nothing from them.
template <class Admitted, class Refused>
void in_order(const limit_evidence& evidence, Admitted admitted, Refused refused) {
    admissions_before before(evidence);
    std::size_t told = 0;
    const auto tell_admitted = [&](std::size_t count) {
        for (; told < count; ++told) admitted(evidence.admitted[told].at_s);
    };
    for (const double at_s : evidence.refused_at_s) {
        tell_admitted(before(at_s));
        refused(at_s);
    }
    tell_admitted(evidence.admitted.size());
}

double drained(double level, double per_s, double for_s) {
    return std::max(0.0, level - per_s * std::max(0.0, for_s));
}

}  // namespace

limit_counts count_draining(const limit_evidence& evidence, double per_s) {
    limit_counts counts;
    std::vector<double> level_after;
    double level = 0;
    double last_s = 0;
    for (const admission& each : evidence.admitted) {
        const double since_s = each.at_s - last_s;
        counts.admitted.push_back(drained(level, per_s, since_s + evidence.slack_s) + 1);
        level = drained(level, per_s, since_s) + 1;
        last_s = each.at_s;
        level_after.push_back(level);
    }
    admissions_before before(evidence);
    for (const double at_s : evidence.refused_at_s) {
        const std::size_t count = before(at_s);
        if (count == 0) {
            counts.refused.push_back(1);
            continue;
        }
        const double since_s = at_s - evidence.slack_s - evidence.admitted[count - 1].at_s;
        counts.refused.push_back(drained(level_after[count - 1], per_s, since_s) + 1);
    }
    return counts;
}

limit_counts count_in_flight(const limit_evidence& evidence) {
    limit_counts counts;
    const auto in_flight = [&](std::size_t sent, double free_before_s) {
        return 1.0 + static_cast<double>(std::count_if(
                         evidence.admitted.begin(), evidence.admitted.begin() + static_cast<long>(sent),
                         [&](const admission& each) { return each.answered_s > free_before_s; }));
    };
    for (std::size_t each = 0; each < evidence.admitted.size(); ++each) {
        // The server has the place free half a round trip before the caller knows, and a request comes half a
        // round trip after it was sent.
        const double free_before_s = evidence.admitted[each].at_s + evidence.trip_s + evidence.slack_s;
        counts.admitted.push_back(in_flight(each, free_before_s));
    }
    admissions_before before(evidence);
    for (const double at_s : evidence.refused_at_s)
        counts.refused.push_back(in_flight(before(at_s), at_s - evidence.slack_s));
    return counts;
}

limit_counts count_first_opens(const limit_evidence& evidence, double window_s) {
    limit_counts counts;
    struct window {
        double opened_s;
        std::size_t first;
    };
    std::vector<window> windows;
    for (std::size_t each = 0; each < evidence.admitted.size(); ++each) {
        const double at_s = evidence.admitted[each].at_s;
        if (windows.empty() || at_s >= windows.back().opened_s + window_s - evidence.slack_s)
            windows.push_back({at_s, each});
        counts.admitted.push_back(static_cast<double>(each - windows.back().first + 1));
    }
    admissions_before before(evidence);
    std::size_t open = 0;  // windows that had begun
    for (const double at_s : evidence.refused_at_s) {
        const std::size_t count = before(at_s);
        while (open < windows.size() && windows[open].first < count) ++open;
        double highest = 0;
        // Close to a window's beginning it may still have been the one before.
        for (std::size_t each = open; each > 0 && each + 2 > open; --each) {
            const window& counted = windows[each - 1];
            if (at_s - evidence.slack_s >= counted.opened_s + window_s) break;
            const std::size_t end = each < open ? windows[each].first : count;
            highest = std::max(highest, static_cast<double>(end - counted.first));
        }
        counts.refused.push_back(highest + 1);
    }
    return counts;
}

limit_counts count_clock_opens(const limit_evidence& evidence, double window_s, double turned_s) {
    limit_counts counts;
    const auto window_at = [&](double at_s) {
        return static_cast<std::int64_t>(std::floor((at_s - turned_s) / window_s));
    };
    std::vector<std::int64_t> window_of;
    std::vector<std::size_t> place_of;  // in its window, from 1
    for (const admission& each : evidence.admitted) {
        const std::int64_t window = window_at(each.at_s);
        const bool same = !window_of.empty() && window_of.back() == window;
        place_of.push_back(same ? place_of.back() + 1 : 1);
        window_of.push_back(window);
        const bool turning = window_at(each.at_s + evidence.slack_s) != window;
        counts.admitted.push_back(turning ? 1.0 : static_cast<double>(place_of.back()));
    }
    admissions_before before(evidence);
    for (const double at_s : evidence.refused_at_s) {
        const std::size_t count = before(at_s);
        double highest = 0;
        for (const double arrived_s : {at_s - evidence.slack_s, at_s + evidence.slack_s}) {
            const std::int64_t window = window_at(arrived_s);
            const auto end =
                std::upper_bound(window_of.begin(), window_of.begin() + static_cast<long>(count), window);
            if (end == window_of.begin() || *(end - 1) != window) continue;
            highest = std::max(highest, static_cast<double>(place_of[end - window_of.begin() - 1]));
        }
        counts.refused.push_back(highest + 1);
    }
    return counts;
}

limit_counts count_sliding(const limit_evidence& evidence, double window_s) {
    limit_counts counts;
    std::size_t oldest = 0;
    for (std::size_t each = 0; each < evidence.admitted.size(); ++each) {
        const double from_s = evidence.admitted[each].at_s - window_s + evidence.slack_s;
        while (oldest < each && evidence.admitted[oldest].at_s <= from_s) ++oldest;
        counts.admitted.push_back(static_cast<double>(each - oldest + 1));
    }
    admissions_before before(evidence);
    oldest = 0;
    for (const double at_s : evidence.refused_at_s) {
        const std::size_t count = before(at_s);
        const double from_s = at_s - window_s - evidence.slack_s;
        while (oldest < count && evidence.admitted[oldest].at_s <= from_s) ++oldest;
        counts.refused.push_back(static_cast<double>(count - oldest + 1));
    }
    return counts;
}

limit_counts count_draining_with_refused(const limit_evidence& evidence, double per_s, double capacity) {
    limit_counts counts;
    double level = 0;
    double last_s = 0;
    in_order(
        evidence,
        [&](double at_s) {
            const double since_s = at_s - last_s;
            counts.admitted.push_back(drained(level, per_s, since_s + evidence.slack_s) + 1);
            level = std::min(capacity, drained(level, per_s, since_s) + 1);
            last_s = std::max(last_s, at_s);
        },
        [&](double at_s) {
            counts.refused.push_back(drained(level, per_s, at_s - evidence.slack_s - last_s) + 1);
            counts.refused_at_least.push_back(drained(level, per_s, at_s + evidence.slack_s - last_s) + 1);
            level = capacity;
            last_s = std::max(last_s, at_s);
        });
    return counts;
}

limit_counts count_sliding_with_refused(const limit_evidence& evidence, double window_s) {
    limit_counts counts;
    std::vector<double> before_s;  // ascending, but for what may have come in any order
    std::size_t oldest = 0;
    const auto count_since = [&](double from_s) {
        std::size_t left = oldest;
        while (left < before_s.size() && before_s[left] <= from_s) ++left;
        return std::pair(left, static_cast<double>(before_s.size() - left + 1));
    };
    in_order(
        evidence,
        [&](double at_s) {
            const auto [left, count] = count_since(at_s - window_s + evidence.slack_s);
            counts.admitted.push_back(count);
            before_s.push_back(at_s);
        },
        [&](double at_s) {
            const auto [left, count] = count_since(at_s - window_s - evidence.slack_s);
            counts.refused.push_back(count);
            counts.refused_at_least.push_back(count_since(at_s - window_s + evidence.slack_s).second);
            oldest = left;
            before_s.push_back(at_s);
        });
    return counts;
}

}  // namespace stagger::probe
