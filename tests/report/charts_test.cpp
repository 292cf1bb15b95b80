#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "report/figure_text.hpp"
#include "report/report_results.hpp"
#include "report/shown_page.hpp"

namespace {

namespace json = boost::json;
namespace load = stagger::load;
using numbers = std::vector<double>;

/// What a chart was told to draw, read back from Chart.js.
class drawn_chart {
 public:
    /// @param selector of its canvas
    drawn_chart(shown_page& page, const std::string& selector)
        : datasets_(
              page.evaluate("Chart.getChart(document.querySelector('" + selector +
                            "')).data.datasets.map(({ label, data }) => ({ label: label ?? '', data }))")
                  .as_array()) {}

    std::size_t size() const { return datasets_.size(); }
    /// One coordinate of each point of a dataset ("x" or "y"), or each value where points have no
    /// coordinates.
    numbers values(const std::string& label, const std::string& coordinate = "") const {
        for (const json::value& each : datasets_) {
            if (each.at("label").as_string() != label) continue;
            numbers found;
            for (const json::value& point : each.at("data").as_array()) {
                const json::value& value = coordinate.empty() ? point : point.at(coordinate);
                found.push_back(value.is_null() ? std::nan("") : value.to_number<double>());
            }
            return found;
        }
        FAIL("no dataset " << label << " in " << json::value(datasets_));
        return {};
    }

 private:
    json::array datasets_;
};

template <class Of>
numbers of_rows(const load::run_results& run, Of of) {
    numbers all;
    for (const auto& row : run.timeline.rows) all.push_back(of(row));
    return all;
}

template <class Of>
numbers of_runs(const app::named_results& results, Of of) {
    numbers all;
    for (const auto& run : results.results.runs) all.push_back(of(run));
    return all;
}

void check_same(const numbers& found, const numbers& expected) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t each = 0; each < found.size(); ++each) {
        CAPTURE(each);
        if (std::isnan(expected[each])) {
            CHECK(std::isnan(found[each]));
        } else {
            CHECK(found[each] == doctest::Approx(expected[each]).epsilon(1e-9));
        }
    }
}

}  // namespace

TEST_CASE("report in Chromium: arrivals, rejections, limit and pace are those of the results") {
    if (!chromium_installed()) return;
    const auto results = full_results();
    shown_page page({results});
    for (std::size_t index = 0; index < results.results.runs.size(); ++index) {
        const load::run_results& run = results.results.runs[index];
        const double step_s = run.timeline.step_s;
        const drawn_chart chart(page,
                                "canvas[data-chart=arrivals][data-run=\"" + std::to_string(index) + "\"]");
        CHECK(chart.size() == 4);
        const auto middles = of_rows(run, [&](const auto& row) { return row.t_s + step_s / 2; });
        for (const char* each : {"attempts", "of these rejected", "limit, as learned", "pace"})
            check_same(chart.values(each, "x"), middles);
        check_same(chart.values("attempts", "y"),
                   of_rows(run, [&](const auto& row) { return static_cast<double>(row.attempts) / step_s; }));
        check_same(chart.values("of these rejected", "y"), of_rows(run, [&](const auto& row) {
                       return static_cast<double>(row.rejections) / step_s;
                   }));
        check_same(chart.values("limit, as learned", "y"),
                   of_rows(run, [](const auto& row) { return row.limit_per_s.value_or(std::nan("")); }));
        check_same(chart.values("pace", "y"),
                   of_rows(run, [](const auto& row) { return row.pace_per_s.value_or(std::nan("")); }));
    }
}

TEST_CASE("report in Chromium: what is in flight and waits is that of the results") {
    if (!chromium_installed()) return;
    const auto results = full_results();
    shown_page page({results});
    const drawn_chart in_flight(page, "canvas[data-field=in_flight]");
    const drawn_chart waiting(page, "canvas[data-field=waiting]");
    for (const load::run_results& run : results.results.runs) {
        check_same(in_flight.values(run.policy, "x"), of_rows(run, [](const auto& row) { return row.t_s; }));
        check_same(in_flight.values(run.policy, "y"),
                   of_rows(run, [](const auto& row) { return static_cast<double>(row.in_flight); }));
        check_same(waiting.values(run.policy, "y"),
                   of_rows(run, [](const auto& row) { return static_cast<double>(row.waiting); }));
        check_same(in_flight.values("limit, as " + run.policy + " has learned it", "y"),
                   of_rows(run, [](const auto& row) {
                       return row.limit_in_flight ? static_cast<double>(*row.limit_in_flight) : std::nan("");
                   }));
    }
    CHECK(waiting.size() == results.results.runs.size());
}

TEST_CASE("report in Chromium: a figure reads the same in a chart and in a table") {
    if (!chromium_installed()) return;
    shown_page page({full_results()});
    for (const double each :
         {0.0, 0.0123456, 1.9175, 1.0625, 49.9876, 106.25, 999.9, 1234.5, 64'862.4, 1e7}) {
        CAPTURE(each);
        CHECK(page.text("look.amount(" + json::serialize(json::value(each)) + ")") == app::amount_text(each));
    }
}

TEST_CASE("report in Chromium: labels that are too long keep both ends, and nothing is cut off") {
    if (!chromium_installed()) return;
    auto monday = full_results();
    auto tuesday = full_results();
    monday.name = "measured-last-monday.json";
    tuesday.name = "measured-last-tuesday.json";
    shown_page page({monday, tuesday});
    for (const page_view& view : {page_view{.width = 320, .height = 600}, page_view{}}) {
        CAPTURE(view.width);
        page.look(view);
        for (const char* printed : {"", "dispatchEvent(new Event('beforeprint'))"}) {
            CAPTURE(printed);
            page.evaluate(printed);
            // How far the widest label reaches beyond its place, and what the labels say.
            const auto shown = page.evaluate(R"js((() => {
                const chart = Chart.getChart(document.querySelector('canvas[data-measure=p99]'));
                const labels = chart.scales.y.ticks.map((tick) => tick.label);
                const widths = labels.map((label) => chart.ctx.measureText(label).width);
                return { beyond: Math.max(...widths) - chart.scales.y.width, labels };
            })())js");
            CHECK(shown.at("beyond").to_number<double>() <= 0);
            const auto& labels = shown.at("labels").as_array();
            REQUIRE(labels.size() == 4);
            for (const auto& each : labels) {
                const std::string label(each.as_string());
                CAPTURE(label);
                CHECK(label.find("…") != std::string::npos);
                CHECK(label.ends_with("day.json)"));
            }
            CHECK(labels[0] != labels[2]);
        }
    }
}

TEST_CASE("report in Chromium: percentile curves go through every bucket of the histograms") {
    if (!chromium_installed()) return;
    const auto results = full_results();
    shown_page page({results});
    for (const char* kind : {"total", "from_actual_send", "first_token", "between_tokens"}) {
        CAPTURE(kind);
        const drawn_chart chart(page, std::string("canvas[data-latency=") + kind + "]");
        for (const load::run_results& run : results.results.runs) {
            const load::latency_summary& latency = run.latency_ms.at(kind);
            numbers nines{0};
            numbers uppers{latency.min};
            double below = 0;
            for (const auto& bucket : latency.histogram) {
                below += static_cast<double>(bucket.count);
                nines.push_back(-std::log10(1 - (below - 0.5) / static_cast<double>(latency.count)));
                uppers.push_back(std::min(bucket.upper_ms, latency.max));
            }
            check_same(chart.values(run.policy, "x"), nines);
            check_same(chart.values(run.policy, "y"), uppers);
        }
    }
    const drawn_chart total(page, "canvas[data-latency=total]");
    CHECK(total.values("objective (10 s)", "y") == numbers{10'000, 10'000});
}

TEST_CASE("report in Chromium: policies are compared by the figures of the results") {
    if (!chromium_installed()) return;
    const auto results = full_results();
    shown_page page({results});
    const auto drawn = [&](const std::string& measure) {
        return drawn_chart(page, "canvas[data-measure=" + measure + "]").values("");
    };
    check_same(drawn("goodput_per_s"), of_runs(results, [](const auto& run) { return run.goodput_per_s; }));
    check_same(drawn("p99"),
               of_runs(results, [](const auto& run) { return run.latency_ms.at("total").p99; }));
    check_same(drawn("attempts_per_success"),
               of_runs(results, [](const auto& run) { return *run.attempts_per_success; }));
    check_same(drawn("rejections_per_100_successes"),
               of_runs(results, [](const auto& run) { return *run.rejections_per_100_successes; }));
}

TEST_CASE("report in Chromium: the split of time and of waiting is that of the results") {
    if (!chromium_installed()) return;
    const auto results = full_results();
    shown_page page({results});
    const drawn_chart spent(page, "canvas[data-chart=spent]");
    const auto mean_of = [&](const char* kind) {
        return of_runs(results, [kind](const auto& run) { return run.latency_ms.at(kind).mean; });
    };
    check_same(spent.values("waiting in line"), mean_of("waiting_in_line"));
    check_same(spent.values("backing off"), mean_of("backing_off"));
    check_same(spent.values("connecting"), mean_of("connecting"));
    check_same(spent.values("service"), mean_of("service"));
    const drawn_chart waiting(page, "canvas[data-chart=waiting]");
    CHECK(waiting.size() == stagger::wait_reasons.size());
    const auto waited_for = [&](stagger::wait_reason why) {
        return of_runs(results, [why](const auto& run) { return run.waiting_s[why].count(); });
    };
    check_same(waiting.values("pace"), waited_for(stagger::wait_reason::pace));
    check_same(waiting.values("server admits nothing"), waited_for(stagger::wait_reason::closed));
    check_same(waiting.values("backing off"), waited_for(stagger::wait_reason::own_delay));
    check_same(waiting.values("not looked at yet"), waited_for(stagger::wait_reason::none));
}
