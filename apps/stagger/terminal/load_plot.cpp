#include "load_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "markup_text.hpp"
#include "plot_axis.hpp"
#include "sim/limit_over_time.hpp"
#include "sim/quantile.hpp"

namespace app {
namespace {

namespace sim = stagger::sim;
using stagger::to_seconds;

// Lengths are in pixels at the picture's natural size.
constexpr double width = 900;
constexpr double left = 64;
constexpr double right = 20;
constexpr double head = 92;                // title, subtitle, legend
constexpr double panel_head = 30;          // policy and figures
constexpr double panel_height = 150;       // of the axes
constexpr double panel_foot = 14;          // between panels
constexpr double foot = 34;                // labels of the time axis
constexpr std::size_t widest_curve = 800;  // bins: a pixel each
constexpr unsigned time_ticks = 10;
constexpr unsigned rate_ticks = 5;
// Above the limit there is room for a stampede; the rest of it would press everything else flat.
constexpr double highest_over_limit = 5;
constexpr double room_above = 1.1;

// Colours that the colour-blind tell apart (Okabe and Ito), lighter ones on dark ground.
constexpr auto style = R"(<style>
text{font:13px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.title{font-size:18px;font-weight:600}.policy{font-size:14px;font-weight:600}.muted{fill:#59636e}
.note{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
.end{text-anchor:end}.middle{text-anchor:middle}
.page{fill:#fff}.grid{stroke:#d1d9e0;stroke-width:1}.axis{stroke:#818b98;stroke-width:1}
path{shape-rendering:crispEdges}.limit,.pace{shape-rendering:auto}
.admitted{fill:#56a3d9}.rejected{fill:#d55e00}.failed{fill:#8b8b8b}
.limit,.pace{fill:none;stroke-linejoin:round}
.limit{stroke:#1f2328;stroke-width:1.6;stroke-dasharray:6 4}.pace{stroke:#00664f;stroke-width:1.6}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.muted{fill:#9198a1}.page{fill:#0d1117}.note{stroke:#0d1117}.grid{stroke:#30363d}.axis{stroke:#656c76}
.admitted{fill:#2f78b0}.rejected{fill:#f0883e}.failed{fill:#8b949e}
.limit{stroke:#f0f6fc}.pace{stroke:#56d3a8}}
</style>
)";

std::string text_at(double x, double y, const std::string& classes, const std::string& text) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", x, y, classes,
                       markup_text(text));
}

std::string line(double x1, double y1, double x2, double y2, const std::string& classes) {
    return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", x1,
                       y1, x2, y2, classes);
}

/// What all panels share.
struct frame {
    plot_axis time;
    plot_axis rate;
    double bin_s;
    std::vector<sim::limit_step> limits;

    double x(double seconds) const { return left + time.pixels(seconds); }
    double y(double top, double per_s) const { return top + panel_height - rate.pixels(per_s); }
};

double arrivals_per_s(const sim::load_curve& curve, std::size_t bin) {
    return static_cast<double>(curve.bins()[bin].arrived()) / to_seconds(curve.width());
}

/// The area between two heights of every bin, as one outline.
template <class Low, class High>
std::string area(const frame& in, double top, const sim::load_curve& curve, const char* classes, Low low,
                 High high) {
    std::string path;
    for (std::size_t each = 0; each < curve.bins().size(); ++each) {
        const auto& bin = curve.bins()[each];
        if (high(bin) == low(bin)) continue;
        const double begins = static_cast<double>(each) * in.bin_s;
        path += fmt::format("M{:.2f} {:.2f}H{:.2f}V{:.2f}H{:.2f}Z", in.x(begins),
                            in.y(top, static_cast<double>(low(bin)) / in.bin_s), in.x(begins + in.bin_s),
                            in.y(top, static_cast<double>(high(bin)) / in.bin_s), in.x(begins));
    }
    return path.empty() ? path : fmt::format("<path class=\"{}\" d=\"{}\"/>\n", classes, path);
}

std::string limit_line(const frame& in, double top, double until_s) {
    std::string path;
    for (std::size_t each = 0; each < in.limits.size(); ++each) {
        const double from = to_seconds(in.limits[each].from);
        if (from >= until_s) break;
        const double to = each + 1 < in.limits.size() ? to_seconds(in.limits[each + 1].from) : until_s;
        path += fmt::format("{}{:.2f} {:.2f}H{:.2f}", each == 0 ? "M" : "L", in.x(from),
                            in.y(top, in.limits[each].per_s), in.x(std::min(to, until_s)));
    }
    return path.empty() ? path : fmt::format("<path class=\"limit\" d=\"{}\"/>\n", path);
}

std::string pace_line(const frame& in, double top, const sim::load_curve& curve) {
    const auto& bins = curve.bins();
    const auto paced = [](const sim::load_curve::bin& one) { return one.paced > 0; };
    const auto end = std::find_if(bins.rbegin(), bins.rend(), paced).base();  // then there is nothing to send
    std::string path;
    for (auto each = bins.begin(); each != end; ++each) {
        path += fmt::format("{}{:.2f} {:.2f}", path.empty() ? "M" : "L",
                            in.x((static_cast<double>(each - bins.begin()) + 0.5) * in.bin_s),
                            in.y(top, each->paced / in.bin_s));
    }
    return fmt::format("<path class=\"pace\" d=\"{}\"/>\n", path);
}

/// Where the arrivals leave the picture, their highest rate is written.
std::string cut_off(const frame& in, double top, const sim::load_curve& curve) {
    std::optional<std::size_t> highest;
    for (std::size_t each = 0; each < curve.bins().size(); ++each) {
        if (!highest || arrivals_per_s(curve, each) > arrivals_per_s(curve, *highest)) highest = each;
    }
    if (!highest || arrivals_per_s(curve, *highest) <= in.rate.end()) return {};
    const double x = in.x((static_cast<double>(*highest) + 0.5) * in.bin_s);
    const bool at_the_right = x > width / 2;
    const auto label = fmt::format("up to {}/s", tick_label(std::round(arrivals_per_s(curve, *highest))));
    return text_at(at_the_right ? x - 8 : x + 8, top + 14, at_the_right ? "note end" : "note", label);
}

std::string figures(const sim::measures& found) {
    return fmt::format(
        "efficiency {:.3f} · {:.1f} rejections per 100 · {}peak {} in 10 ms, {} in 1 s", found.efficiency,
        found.waste_per_100, found.lost > 0 ? tick_label(static_cast<double>(found.lost)) + " lost · " : "",
        tick_label(static_cast<double>(found.peak_10ms)), tick_label(static_cast<double>(found.peak_1s)));
}

std::string panel(const frame& in, double top, const plotted_run& run, bool last) {
    std::string text = text_at(left, top - 10, "policy", run.policy);
    text += text_at(width - right, top - 10, "muted end", figures(run.found));
    for (const double each : in.rate.ticks()) {
        const double y = in.y(top, each);
        text += line(left, y, width - right, y, each == 0 ? "axis" : "grid");
        text += text_at(left - 8, y + 4, "muted end", tick_label(each));
    }
    using bin = sim::load_curve::bin;
    const auto nothing = [](const bin&) { return std::uint64_t{0}; };
    const auto admitted = [](const bin& one) { return one.admitted; };
    const auto not_failed = [](const bin& one) { return one.admitted + one.rejected; };
    const auto arrived = [](const bin& one) { return one.arrived(); };
    text += area(in, top, run.curve, "admitted", nothing, admitted);
    text += area(in, top, run.curve, "rejected", admitted, not_failed);
    text += area(in, top, run.curve, "failed", not_failed, arrived);
    if (run.curve.has_pace()) text += pace_line(in, top, run.curve);
    text += limit_line(in, top, in.time.end());
    text += cut_off(in, top, run.curve);
    const double bottom = top + panel_height;
    for (const double each : in.time.ticks()) {
        text += line(in.x(each), bottom, in.x(each), bottom + 4, "axis");
        if (last) text += text_at(in.x(each), bottom + 18, "muted middle", tick_label(each));
    }
    return text;
}

struct legend_entry {
    const char* classes;
    std::string text;
    bool is_line;
};

std::string legend(const std::vector<plotted_run>& runs, bool has_limit) {
    const auto any = [&](auto holds) { return std::any_of(runs.begin(), runs.end(), holds); };
    std::vector<legend_entry> entries{{"admitted", "admitted", false}, {"rejected", "rejected", false}};
    if (any([](const plotted_run& run) { return run.found.failed > 0; }))
        entries.push_back({"failed", "failed", false});
    if (has_limit) entries.push_back({"limit", "limit: admitted in the long run", true});
    if (any([](const plotted_run& run) { return run.curve.has_pace(); }))
        entries.push_back({"pace", "pace of the sender", true});
    constexpr double swatch = 14;
    constexpr double letter = 7;  // on average, at this size
    std::string text;
    double x = left;
    for (const legend_entry& each : entries) {
        text += each.is_line
                    ? line(x, 70, x + 2 * swatch, 70, each.classes)
                    : fmt::format("<rect x=\"{:.1f}\" y=\"63\" width=\"{}\" height=\"{}\" class=\"{}\"/>\n",
                                  x, swatch, swatch, each.classes);
        x += (each.is_line ? 2 * swatch : swatch) + 6;
        text += text_at(x, 75, "legend", each.text);
        x += letter * static_cast<double>(each.text.size()) + 20;
    }
    return text;
}

/// High enough for everything but a stampede.
double highest_rate(const std::vector<plotted_run>& runs, const std::vector<sim::limit_step>& limits) {
    double usual = 0;
    for (const sim::limit_step& each : limits) usual = std::max(usual, each.per_s);
    double highest = 0;
    for (const plotted_run& run : runs) {
        std::vector<double> rates;
        for (std::size_t each = 0; each < run.curve.bins().size(); ++each) {
            rates.push_back(arrivals_per_s(run.curve, each));
            highest = std::max(
                {highest, rates.back(), run.curve.bins()[each].paced / to_seconds(run.curve.width())});
        }
        if (limits.empty()) usual = std::max(usual, sim::quantile(rates, 0.5));
    }
    const double room = usual > 0 ? std::min(highest, highest_over_limit * usual) : highest;
    return std::max({room_above * usual, room, 1.0}) * room_above;
}

}  // namespace

std::string draw_load_plot(const stagger::provider::scenario& scenario, std::uint64_t seed,
                           std::vector<plotted_run> runs) {
    stagger::duration bin{};
    stagger::duration longest{};
    for (plotted_run& each : runs) {
        each.curve.coarsen_to(widest_curve);
        bin = std::max(bin, each.curve.width());
        longest = std::max(longest, each.curve.length());
    }
    for (plotted_run& each : runs) each.curve.widen_to(bin);
    const auto limits = sim::limit_over_time(scenario);
    const frame in{
        plot_axis(std::max(to_seconds(longest), to_seconds(bin)), width - left - right, time_ticks),
        plot_axis::up_to_a_tick(highest_rate(runs, limits), panel_height, rate_ticks), to_seconds(bin),
        limits};

    const double panel_step = panel_head + panel_height + panel_foot;
    const double height = head + panel_step * static_cast<double>(runs.size()) - panel_foot + foot + 12;
    std::string text = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 "
        "{0:.0f} {1:.0f}\" "
        "role=\"img\">\n<title>{2}</title>\n",
        width, height, markup_text("Requests at the server: " + scenario.name));
    text += style;
    text += fmt::format("<rect class=\"page\" width=\"{:.0f}\" height=\"{:.0f}\"/>\n", width, height);
    text += text_at(left, 28, "title", scenario.name);
    text += text_at(left, 48, "muted",
                    fmt::format("Requests per second at the server, counted in spans of {} s; seed {}",
                                tick_label(in.bin_s), seed));
    text += legend(runs, !limits.empty());
    double top = head;
    for (std::size_t each = 0; each < runs.size(); ++each) {
        top += panel_head;
        text += panel(in, top, runs[each], each + 1 == runs.size());
        top += panel_height + panel_foot;
    }
    text += text_at(left + (width - left - right) / 2, height - 10, "muted middle", "seconds");
    return text + "</svg>\n";
}

}  // namespace app
