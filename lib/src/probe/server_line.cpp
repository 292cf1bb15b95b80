#include "probe/server_line.hpp"

#include <algorithm>

namespace stagger::probe {
namespace {

constexpr double together_s = 0.02;   // sent within: one burst
constexpr std::size_t fewest = 4;     // answers that show a line
constexpr double clearly_longer = 3;  // than a request alone
constexpr double least_longer_s = 0.02;

bool was_answered(const probe_answer& each) {
    return each.what == probe_answer::outcome::admitted && each.ended != never;
}

/// What a request took that was sent while no other was on its way.
std::optional<double> time_alone_s(const std::vector<probe_answer>& answers) {
    std::optional<double> least;
    time_point busy_until{};
    for (const probe_answer& each : answers) {
        if (was_answered(each) && each.sent >= busy_until) {
            const double took_s = to_seconds(each.ended - each.sent);
            if (!least || took_s < *least) least = took_s;
        }
        if (each.ended == never) break;
        busy_until = std::max(busy_until, each.ended);
    }
    return least;
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
    const auto alone_s = time_alone_s(answers);
    const std::vector<time_point> ends = largest_burst(answers);
    if (!alone_s || ends.size() < fewest) return std::nullopt;
    const double took_s = to_seconds(ends.back() - ends.front());
    if (took_s < clearly_longer * *alone_s || took_s < least_longer_s) return std::nullopt;
    // Evenly: the middle answer came in the middle of the time.
    const double middle_s = to_seconds(ends[ends.size() / 2] - ends.front());
    if (middle_s < 0.3 * took_s || middle_s > 0.7 * took_s) return std::nullopt;
    server_line line;
    line.alone_s = *alone_s;
    line.longest_s = took_s + *alone_s;
    line.served_per_s = static_cast<double>(ends.size() - 1) / took_s;
    return line;
}

}  // namespace stagger::probe
