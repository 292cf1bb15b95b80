#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "json/json_writer.hpp"
#include "terminal/duration_text.hpp"

namespace app {
namespace {

struct part {
    std::string text;
    int importance;  // the smallest is left out first
};

std::string joined(const std::vector<part>& parts, int least) {
    std::string line;
    for (const auto& each : parts) {
        if (each.importance < least || each.text.empty()) continue;
        line.append(line.empty() ? "" : "  ").append(each.text);
    }
    return line;
}

std::string number_or_null(std::optional<double> value) {
    return value ? fmt::format("{:.3f}", *value) : "null";
}

std::string string_or_null(bool known, const std::string& text) {
    if (!known) return "null";
    std::string json;
    stagger::wire::append_json_string(json, text);
    return json;
}

/// "cost 0.0123", "cost 0.0123 (2 unpriced)"
std::string cost_part(const cost_counts& costs) {
    const auto text = "cost " + cost_text(costs.cost);
    return costs.unpriced > 0 ? text + fmt::format(" ({} unpriced)", costs.unpriced) : text;
}

}  // namespace

std::string short_count(std::uint64_t count) {
    constexpr std::uint64_t thousand = 1000;
    if (count < thousand) return std::to_string(count);
    const auto thousands = static_cast<double>(count) / thousand;
    return count < thousand * thousand ? fmt::format("{:.1f}k", thousands)
                                       : fmt::format("{:.2f}M", thousands / thousand);
}

std::string seconds_text(stagger::duration span) {
    const double seconds = stagger::to_seconds(span);
    return fmt::format("{:.{}f} s", seconds, seconds < 10 ? 2 : seconds < 100 ? 1 : 0);
}

std::string unpriced_text(const cost_counts& costs) {
    if (costs.unpriced == 0) return {};
    return fmt::format("{} answer{} no price", costs.unpriced, costs.unpriced == 1 ? " has" : "s have");
}

const std::string& server_words(const progress& view) {
    return view.closing && !view.closing->words.empty() ? view.closing->words : view.stalled_by;
}

std::string progress_json(const progress& view) {
    const auto eta = time_left(view);
    const auto left = view.left ? std::to_string(*view.left) : "null";
    const auto eta_s = eta ? std::optional(stagger::to_seconds(*eta)) : std::nullopt;
    const auto& closed = view.closing;
    const auto opens_at = string_or_null(closed.has_value(), closed ? utc_text(closed->opens_at) : "");
    const auto& said = server_words(view);
    const auto server_said = string_or_null(!said.empty(), said);
    return fmt::format(
        R"({{"done":{},"failed":{},"left":{},"results_per_s":{:.3f},"limit_per_s":{},"limit_in_flight":{},)"
        R"("pace_per_s":{:.3f},"in_flight":{},"waiting":{},"waiting_for":"{}","rejected":{},)"
        R"("prompt_tokens":{},"completion_tokens":{},"elapsed_s":{:.3f},"eta_s":{},"stopping":{},)"
        R"("opens_at":{},"server_said":{},"cost":{},"unpriced":{},"latency_p50_s":{},"latency_p95_s":{}}})",
        view.done, view.failed, left, view.results_per_s, number_or_null(view.gate.measured_per_s),
        view.gate.measured_window ? std::to_string(*view.gate.measured_window) : "null", view.gate.pace_per_s,
        view.gate.in_flight, view.gate.waiting, to_string(view.gate.why), view.gate.throttled,
        view.prompt_tokens, view.completion_tokens, stagger::to_seconds(view.elapsed), number_or_null(eta_s),
        view.stopping, opens_at, server_said, view.costs ? fmt::format("{:.9g}", view.costs->cost) : "null",
        view.costs ? view.costs->unpriced : 0,
        number_or_null(view.latency ? std::optional(stagger::to_seconds(view.latency->p50)) : std::nullopt),
        number_or_null(view.latency ? std::optional(stagger::to_seconds(view.latency->p95)) : std::nullopt));
}

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
        case wait_reason::kind_refused:
            return "this model or key is refused";
    }
    return "unknown";
}

std::string why_waiting(const progress& view) {
    if (view.gate.why == stagger::wait_reason::none) return "";
    const auto until = view.closing ? ", until " + view.closing->until : "";
    return fmt::format(" ({}{})", in_words(view.gate.why), until);
}

std::string of_refused_kinds(const stagger::coordinator_status& gate) {
    if (gate.kind_refused == 0) return {};
    return fmt::format("{} of them: all of their model or key is refused", gate.kind_refused);
}

std::string limit_found(const stagger::coordinator_status& gate) {
    if (gate.measured_window) return fmt::format("limit {} in flight", *gate.measured_window);
    if (gate.measured_per_s) return fmt::format("limit {:.1f}/s", *gate.measured_per_s);
    return gate.pace_per_s > 0 ? fmt::format("pace {:.1f}/s", gate.pace_per_s) : "";
}

std::string heartbeat_text(const progress& view) {
    constexpr unsigned unbounded = 10000;  // columns: room for everything
    auto text = format_clock(view.elapsed) + "  " + format_progress(view, unbounded);
    if (const auto& words = server_words(view); !words.empty()) text += "  server: \"" + words + "\"";
    return text;
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
    if (!view.title.empty()) parts.push_back({view.title + ":", 9});
    if (view.stopping) parts.push_back({"stopping:", 9});
    parts.push_back({view.left ? fmt::format("{}/{} done", view.done, recorded + *view.left)
                               : fmt::format("{} done", view.done),
                     10});
    parts.push_back({view.failed > 0 ? fmt::format("{} failed", view.failed) : "", 8});
    parts.push_back({fmt::format("{:.1f}/s", view.results_per_s), 6});
    parts.push_back({limit_found(view.gate), 5});
    parts.push_back({fmt::format("{} in flight", view.gate.in_flight), 4});
    const int telling = view.closing ? 9 : 3;
    parts.push_back({fmt::format("{} waiting{}", view.gate.waiting, why_waiting(view)), telling});
    parts.push_back({of_refused_kinds(view.gate), 7});
    parts.push_back({fmt::format("{} rejected", view.gate.throttled), 2});
    const auto tokens = view.prompt_tokens + view.completion_tokens;
    parts.push_back({tokens > 0 ? short_count(tokens) + " tokens" : "", 1});
    parts.push_back({view.costs ? cost_part(*view.costs) : "", 2});
    parts.push_back({eta && !view.stopping ? "ETA " + format_clock(*eta) : "", 7});
    // The last column stays free: some terminals wrap when it is written.
    const auto room = width > 1 ? width - 1 : 1;
    for (int least = 0; least <= 10; ++least) {
        auto line = joined(parts, least);
        if (line.size() <= room) return line;
    }
    return joined(parts, 10).substr(0, room);
}

}  // namespace app
