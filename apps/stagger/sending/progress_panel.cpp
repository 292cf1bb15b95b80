#include "progress_panel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "terminal/duration_text.hpp"

namespace app {
namespace {

// Beyond this a longer bar tells nothing more, and the eye has to travel.
constexpr std::size_t widest_panel = 100;
constexpr std::size_t narrowest_bar = 8;

/// What stands beside a label; the last part is left out first. Empty parts are none.
using parts = std::vector<std::string>;

std::string joined(const parts& shown, std::size_t room) {
    std::string row;
    for (const auto& each : shown) {
        if (each.empty()) continue;
        const auto divided = (row.empty() ? "" : ", ") + each;
        if (!row.empty() && row.size() + divided.size() > room) break;
        row += divided;
    }
    return row.substr(0, room);
}

std::string bar(double share, std::size_t width) {
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(width));
    return "[" + std::string(filled, '#') + std::string(width - filled, '.') + "]";
}

/// "195/400, 3 failed  [#####.....]  48%": the bar takes what is left of the room.
std::string how_much_is_done(const progress& view, std::size_t room) {
    const auto recorded = view.done + view.failed;
    const auto failed = view.failed > 0 ? fmt::format("{} failed", view.failed) : "";
    if (!view.left) return joined({std::to_string(recorded), failed}, room);
    const auto total = recorded + *view.left;
    auto text = joined({fmt::format("{}/{}", recorded, total), failed}, room);
    const auto share = total > 0 ? static_cast<double>(recorded) / static_cast<double>(total) : 1;
    const auto percent = fmt::format("{:3}%", static_cast<int>(100 * share));
    const auto taken = text.size() + percent.size() + std::string_view("  []  ").size();
    if (taken + narrowest_bar > room) return text;
    return text + "  " + bar(share, room - taken) + "  " + percent;
}

parts rates(const progress& view) {
    const auto seconds = stagger::to_seconds(view.elapsed);
    const auto average = seconds > 0 ? static_cast<double>(view.done + view.failed) / seconds : 0;
    return {fmt::format("{:.1f}/s now", view.results_per_s), limit_found(view.gate),
            fmt::format("{:.1f}/s on average", average)};
}

parts rejections(const progress& view) {
    const auto& gate = view.gate;
    if (gate.throttled == 0 || gate.accepted == 0) return {std::to_string(gate.throttled)};
    const auto share = 100 * static_cast<double>(gate.throttled) / static_cast<double>(gate.accepted);
    return {std::to_string(gate.throttled), fmt::format("{:.1f} per 100 accepted", share)};
}

parts tokens(const progress& view) {
    return {short_count(view.prompt_tokens + view.completion_tokens),
            short_count(view.prompt_tokens) + " in prompts",
            short_count(view.completion_tokens) + " in answers"};
}

parts costs(const cost_counts& counts) {
    return {cost_text(counts.cost), unpriced_text(counts)};
}

parts latencies(const latency_view& view) {
    return {seconds_text(view.p50) + " p50",
            seconds_text(view.p95) + " p95, from sending to the answer's end"};
}

parts times(const progress& view) {
    if (view.stopping) return {format_clock(view.elapsed) + " passed", "ends when nothing is in flight"};
    const auto left = time_left(view);
    return {format_clock(view.elapsed) + " passed", left ? "ETA " + format_clock(*left) : ""};
}

}  // namespace

std::string format_panel(const progress& view, unsigned width) {
    // The last column stays free: some terminals wrap when it is written.
    const auto columns = std::clamp<std::size_t>(width, panel_label_width + 2, widest_panel + 1) - 1;
    const auto room = columns - panel_label_width;
    std::string panel;
    const auto add = [&](std::string_view label, const std::string& value) {
        panel += fmt::format("{}{:<{}}{}", panel.empty() ? "" : "\n", label, panel_label_width, value);
    };
    add(view.stopping ? "stopping" : "done", how_much_is_done(view, room));
    add("rate", joined(rates(view), room));
    add("rejected", joined(rejections(view), room));
    add("waiting",
        joined({std::to_string(view.gate.waiting) + why_waiting(view), of_refused_kinds(view.gate)}, room));
    add("in flight", joined({std::to_string(view.gate.in_flight)}, room));
    add("tokens", joined(tokens(view), room));
    if (view.costs) add("cost", joined(costs(*view.costs), room));
    if (view.latency) add("latency", joined(latencies(*view.latency), room));
    add("time", joined(times(view), room));
    if (const auto& words = server_words(view); !words.empty()) add("server", joined({words}, room));
    return panel;
}

}  // namespace app
