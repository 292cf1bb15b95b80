#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "duration_text.hpp"

namespace app {
namespace {

struct part {
    std::string text;
    int importance;  // the smallest is left out first
};

std::string why_waiting(stagger::wait_reason why) {
    return why == stagger::wait_reason::none ? "" : fmt::format(" ({})", in_words(why));
}

std::string joined(const std::vector<part>& parts, int least) {
    std::string line;
    for (const auto& each : parts) {
        if (each.importance < least || each.text.empty()) continue;
        line.append(line.empty() ? "" : "  ").append(each.text);
    }
    return line;
}

}  // namespace

std::string_view in_words(stagger::wait_reason why) {
    using stagger::wait_reason;
    switch (why) {
        case wait_reason::none:
            return "nothing";
        case wait_reason::pace:
            return "pace";
        case wait_reason::in_flight:
            return "limit in flight";
        case wait_reason::retry_after:
            return "server said when";
        case wait_reason::closed:
            return "server admits nothing";
        case wait_reason::retry_budget:
            return "too many failures";
        case wait_reason::own_delay:
            return "backing off";
    }
    return "unknown";
}

std::optional<stagger::duration> time_left(const progress& view) {
    if (!view.left || view.done == 0) return std::nullopt;
    const double finished_per_s =
        static_cast<double>(view.done + view.failed) / std::max(stagger::to_seconds(view.elapsed), 0.001);
    return stagger::from_seconds(static_cast<double>(*view.left) / finished_per_s);
}

std::string format_progress(const progress& view, unsigned width) {
    const auto recorded = view.done + view.failed;
    const auto eta = time_left(view);
    std::vector<part> parts;
    if (view.stopping) parts.push_back({"stopping:", 8});
    parts.push_back({view.left ? fmt::format("{}/{} done", view.done, recorded + *view.left)
                               : fmt::format("{} done", view.done),
                     9});
    parts.push_back({view.failed > 0 ? fmt::format("{} failed", view.failed) : "", 7});
    parts.push_back({fmt::format("{} in flight", view.gate.in_flight), 5});
    parts.push_back({fmt::format("{} waiting{}", view.gate.waiting, why_waiting(view.gate.why)), 3});
    parts.push_back({view.gate.pace_per_s > 0 ? fmt::format("{:.1f}/s", view.gate.pace_per_s) : "", 4});
    parts.push_back({fmt::format("{} rejected", view.gate.throttled), 2});
    parts.push_back({eta && !view.stopping ? "ETA " + format_clock(*eta) : "", 6});
    // The last column stays free: some terminals wrap when it is written.
    const auto room = width > 1 ? width - 1 : 1;
    for (int least = 0; least <= 9; ++least) {
        auto line = joined(parts, least);
        if (line.size() <= room) return line;
    }
    return joined(parts, 9).substr(0, room);
}

}  // namespace app
