#include "probe/limit_evidence.hpp"

#include <algorithm>
#include <limits>

namespace stagger::probe {
namespace {

// What two clocks' steps, a busy machine and a server that counts in milliseconds add to the network's
// jitter.
constexpr double least_slack_s = 0.0015;
// Jitter that is wider was a pause of somebody, and not how requests usually travel.
constexpr double most_slack_s = 0.1;

/// How long refusals took, ascending.
std::vector<double> refusal_times(const std::vector<probe_answer>& answers) {
    std::vector<double> times;
    for (const probe_answer& each : answers) {
        if (each.what == probe_answer::outcome::refused) times.push_back(to_seconds(each.ended - each.sent));
    }
    std::sort(times.begin(), times.end());
    return times;
}

double at_share(const std::vector<double>& ascending, double share) {
    return ascending[static_cast<std::size_t>(share * static_cast<double>(ascending.size() - 1))];
}

}  // namespace

limit_evidence evidence_of(const std::vector<probe_answer>& answers) {
    limit_evidence found;
    const std::vector<double> trips = refusal_times(answers);
    found.slack_s = least_slack_s;
    double longest_refusal_s = std::numeric_limits<double>::infinity();
    if (!trips.empty()) {
        found.trip_s = at_share(trips, 0.5);
        // Half of a round trip's jitter belongs to the way there.
        const double jitter_s = (at_share(trips, 0.95) - at_share(trips, 0.05)) / 2;
        found.slack_s = std::clamp(jitter_s, least_slack_s, most_slack_s);
        longest_refusal_s = 3 * found.trip_s + 10 * found.slack_s + 0.05;
    }
    const time_point first = answers.empty() ? time_point{} : answers.front().sent;
    for (const probe_answer& each : answers) {
        using outcome = probe_answer::outcome;
        if (each.what == outcome::failed || each.what == outcome::unusable || each.what == outcome::left)
            continue;
        const double at_s = to_seconds(each.sent - first);
        found.span_s = std::max(found.span_s, at_s);
        const double took_s = each.ended == never ? std::numeric_limits<double>::infinity()
                                                  : to_seconds(each.ended - each.sent);
        if (each.what == probe_answer::outcome::refused && took_s <= longest_refusal_s) {
            found.refused_at_s.push_back(at_s);
        } else {
            found.admitted.push_back({at_s, at_s + took_s});
        }
    }
    const auto earlier = [](const auto& left, const auto& right) { return left.at_s < right.at_s; };
    std::stable_sort(found.admitted.begin(), found.admitted.end(), earlier);
    std::sort(found.refused_at_s.begin(), found.refused_at_s.end());
    return found;
}

}  // namespace stagger::probe
