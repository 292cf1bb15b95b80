#include "probe/server_line.hpp"

#include <algorithm>
#include <numeric>

#include "probe/limit_evidence.hpp"

namespace stagger::probe {
namespace {

constexpr double together_s = 0.02;   // sent within: one burst
constexpr std::size_t fewest = 4;     // answers that show a line
constexpr double clearly_longer = 3;  // than a request alone
constexpr double least_longer_s = 0.02;

bool was_answered(const probe_answer& each) {
    return each.what == probe_answer::outcome::admitted && each.ended != never;
}

struct times_alone {
    double least_s = 0;
    double mean_s = 0;
};

/// Of requests that came when no other was on its way, and not together with others, which may overtake.
std::optional<times_alone> find_times_alone(const std::vector<probe_answer>& answers) {
    std::vector<double> took_s;
    time_point busy_until{};
    for (std::size_t each = 0; each < answers.size(); ++each) {
        const probe_answer& answer = answers[each];
        const bool together =
            each + 1 < answers.size() && to_seconds(answers[each + 1].sent - answer.sent) <= together_s;
        if (was_answered(answer) && answer.sent >= busy_until && !together)
            took_s.push_back(to_seconds(answer.ended - answer.sent));
        if (answer.ended == never) break;
        busy_until = std::max(busy_until, answer.ended);
    }
    if (took_s.empty()) return std::nullopt;
    const double sum_s = std::accumulate(took_s.begin(), took_s.end(), 0.0);
    return times_alone{*std::min_element(took_s.begin(), took_s.end()),
                       sum_s / static_cast<double>(took_s.size())};
}

/// When the answers came, ascending, of the burst that had the most.
std::vector<time_point> largest_burst(const std::vector<probe_answer>& answers) {
    std::vector<time_point> largest;
    for (std::size_t begin = 0; begin < answers.size();) {
        std::vector<time_point> ends;
        std::size_t next = begin;
        for (; next < answers.size() && to_seconds(answers[next].sent - answers[begin].sent) <= together_s;
             ++next) {
            if (was_answered(answers[next])) ends.push_back(answers[next].ended);
        }
        if (ends.size() > largest.size()) largest = std::move(ends);
        begin = next;
    }
    std::sort(largest.begin(), largest.end());
    return largest;
}

}  // namespace

std::optional<server_line> find_line(const std::vector<probe_answer>& answers) {
    const auto alone = find_times_alone(answers);
    const std::vector<time_point> ends = largest_burst(answers);
    if (!alone || ends.size() < fewest) return std::nullopt;
    const double took_s = to_seconds(ends.back() - ends.front());
    if (took_s < clearly_longer * alone->least_s || took_s < least_longer_s) return std::nullopt;
    // Evenly: the middle answer came in the middle of the time.
    const double middle_s = to_seconds(ends[ends.size() / 2] - ends.front());
    if (middle_s < 0.3 * took_s || middle_s > 0.7 * took_s) return std::nullopt;
    server_line line;
    line.alone_s = alone->least_s;
    line.work_s = std::max(0.0, alone->mean_s - evidence_of(answers).trip_s);
    line.longest_s = took_s + alone->least_s;
    line.served_per_s = static_cast<double>(ends.size() - 1) / took_s;
    return line;
}

}  // namespace stagger::probe
