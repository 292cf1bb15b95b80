#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <stdexcept>

#include "cli/exit_code.hpp"
#include "cli/in_parallel.hpp"
#include "sim/suite.hpp"
#include "simulate/figures_check.hpp"
#include "simulate/never_worse_table.hpp"
#include "simulate/random_summary.hpp"
#include "simulate/simulation_cases.hpp"
#include "simulate/simulation_table.hpp"
#include "support/xml_outline.hpp"
#include "terminal/load_plot.hpp"
#include "terminal/plot_axis.hpp"
#include "terminal/text_table.hpp"

using namespace std::chrono_literals;
namespace sim = stagger::sim;
using sim::measures;

TEST_CASE("a table aligns words to the left and numbers to the right, by characters") {
    using kind = app::text_table::column::kind;
    app::text_table table({{"name", kind::words}, {"n"}, {"note", kind::words}});
    table.add({"a", "10", "first"});
    table.add({"längste", "5", "|"});
    CHECK(table.aligned() ==
          "name      n  note\n"
          "a        10  first\n"
          "längste   5  |\n");
    CHECK(table.markdown() ==
          "| name | n | note |\n"
          "|---|---:|---|\n"
          "| a | 10 | first |\n"
          "| längste | 5 | \\| |\n");
}

TEST_CASE("the table of measures shows what seeds differ in only where there are several") {
    measures found;
    found.efficiency = 0.98765;
    found.p99_retry_wait_s = 1.234;
    const std::vector<app::simulated_row> rows{{"bucket", "coordinated", sim::seed_medians({found})}};
    const auto one = app::measures_table(rows, 1).aligned();
    CHECK(one.find("p10") == std::string::npos);
    CHECK(one.find("0.9877") != std::string::npos);
    CHECK(one.find("1.23") != std::string::npos);
    const auto several = app::measures_table(rows, 2).markdown();
    CHECK(several.starts_with("| scenario | policy | efficiency | p10 | worst | waste/100 | worst | lost |"));
}

TEST_CASE("the table of measures has a column for what chance refused where it refused anything") {
    measures found;
    std::vector<app::simulated_row> rows{{"bucket", "coordinated", sim::seed_medians({found})}};
    CHECK(app::measures_table(rows, 1).markdown().find("by chance") == std::string::npos);
    found.refused_by_chance = 42;
    rows.push_back({"shedding", "coordinated", sim::seed_medians({found})});
    const auto table = app::measures_table(rows, 1).markdown();
    CHECK(table.starts_with("| scenario | policy | efficiency | waste/100 | by chance | lost |"));
    CHECK(table.find("| shedding | coordinated | 0.0000 | 0.00 | 42 |") != std::string::npos);
}

TEST_CASE("a shortfall names every figure that is missed, and only those") {
    measures found;
    found.efficiency = 0.97;
    found.waste_per_100 = 2.5;
    found.jain = 0.9;
    found.peak_1s = 140;
    sim::figures_to_reach required;
    CHECK(app::shortfall(required, found).empty());
    required.least_efficiency = 0.97;
    required.most_waste_per_100 = 2;
    required.least_jain = 0.92;
    required.most_peak_1s = 130;
    required.most_lockouts = 0;
    CHECK(app::shortfall(required, found) ==
          "waste 2.5 must be <= 2, Jain 0.9 must be >= 0.92, peak in 1 s 140 must be <= 130");
    found.lost = 1;
    CHECK(app::shortfall({}, found) == "lost 1 must be <= 0");
}

TEST_CASE("a shortfall leaves out rejections that were drawn, and tells a ratio only where it was measured") {
    measures found;
    found.succeeded = 1000;
    found.rejected = 150;
    found.refused_by_chance = 110;
    sim::figures_to_reach required;
    required.most_avoidable_per_100 = 4;
    required.most_ratio_to_best = 1.02;
    CHECK(app::shortfall(required, found).empty());
    CHECK(app::shortfall(required, found, 1.02).empty());
    required.most_avoidable_per_100 = 3;
    CHECK(app::shortfall(required, found, 1.5) ==
          "avoidable rejections 4 must be <= 3, ratio to best 1.5 must be <= 1.02");
}

TEST_CASE("a kind that is worse than it may be is told figure by figure") {
    sim::never_worse_summary found;
    found.median = 1.02;
    found.p90 = 1.1;
    found.worst = 1.5;
    CHECK(app::shortfall(found).empty());
    found.worst = 1.7;
    found.worst_in = "dip-4";
    found.lost = 2;
    found.rejects_too_much = {"dip-1", "dip-9"};
    CHECK(app::shortfall(found) ==
          "worst ratio (dip-4) 1.7 must be <= 1.5, lost 2 must be <= 0, too many rejections in dip-1, dip-9");
    found = {};
    found.median = 1.03;
    found.p90 = 1.2;
    CHECK(app::shortfall(found) == "median ratio 1.03 must be <= 1.02, p90 ratio 1.2 must be <= 1.1");
}

TEST_CASE("the table of runs side by side says who was best, and where nobody was") {
    sim::run_beside_rivals run;
    run.scenario = "dip-1";
    run.seed = 1;
    run.coordinated.makespan_s = 12;
    run.coordinated.succeeded = 100;
    run.coordinated.rejected = 3;
    run.rivals = {{"full-jitter", run.coordinated}, {"aimd", run.coordinated}};
    run.rivals[0].found.makespan_s = 10;
    run.rivals[0].found.rejected = 400;
    auto alone = run;
    alone.scenario = "dip-2";
    for (auto& each : alone.rivals) each.found.lost = 1;
    CHECK(app::side_by_side_table({run, alone}).markdown() ==
          "| scenario | seed | ratio | best beside it | coordinated s | best s | avoidable/100 | "
          "full-jitter's | "
          "lost |\n"
          "|---|---:|---:|---|---:|---:|---:|---:|---:|\n"
          "| dip-2 | 1 | - | each loses some | 12.0 | - | 3.00 | 400.00 | 0 |\n"
          "| dip-1 | 1 | 1.200 | full-jitter | 12.0 | 10.0 | 3.00 | 400.00 | 0 |\n");
    const auto kinds = app::never_worse_table(sim::sum_up({run, alone})).markdown();
    CHECK(kinds.find("| 2 | 1 | 1.200 | 1.200 | 1.200 | dip-1 | 0 | 0 |") != std::string::npos);
    const auto none = app::never_worse_table(sim::sum_up({alone})).markdown();
    CHECK(none.find("| 1 | 1 | - | - | - | - | 0 | 0 |") != std::string::npos);
}

TEST_CASE("work in parallel is done once for each index, and ends early by what it throws") {
    std::vector<std::atomic<int>> done(100);
    app::in_parallel(done.size(), [&](std::size_t each) { ++done[each]; });
    CHECK(std::all_of(done.begin(), done.end(), [](const auto& each) { return each == 1; }));
    app::in_parallel(0, [&](std::size_t each) { ++done[each]; });
    CHECK_THROWS_WITH_AS(app::in_parallel(1000000,
                                          [](std::size_t each) {
                                              if (each == 3) throw std::runtime_error("the fourth");
                                          }),
                         "the fourth", std::runtime_error);
}

TEST_CASE("random runs are summed up by kind and policy, and the worst are named") {
    app::random_summary summary;
    for (unsigned each = 1; each <= 11; ++each) {
        measures found;
        found.efficiency = 1 - 0.01 * each;
        found.waste_per_100 = each == 5 ? 50 : 1;
        found.lost = each == 3 ? 2 : 0;
        summary.add({"window", "coordinated"}, "window-" + std::to_string(each), found);
    }
    summary.add({"window", "aimd"}, "window-1", measures());
    const auto table = summary.table().markdown();
    CHECK(
        table.find("| window | coordinated | 11 | 0.940 | 0.900 | 0.890 | window-11 | 1.00 | 1.00 | 50.00 | "
                   "window-5 | 2 |") != std::string::npos);
    CHECK(table.find("| window | aimd | 1 |") != std::string::npos);
    const auto usual = summary.medians().at({"window", "coordinated"});
    CHECK(usual.efficiency == doctest::Approx(0.94));
    CHECK(usual.waste_per_100 == 1);
    CHECK(usual.lost == 2);
}

TEST_CASE("an axis has few ticks, at round numbers") {
    using values = std::vector<double>;
    CHECK(app::plot_axis(100, 500, 5).ticks() == values{0, 20, 40, 60, 80, 100});
    CHECK(app::plot_axis(264.1, 800, 10).ticks() == values{0, 50, 100, 150, 200, 250});
    CHECK(app::plot_axis(0.9, 500, 5).ticks().size() == 5);
    for (double end = 0.0013; end < 1e7; end *= 1.37) {
        const auto ticks = app::plot_axis(end, 500, 6).ticks();
        CAPTURE(end);
        CHECK(ticks.size() <= 7);
        CHECK(ticks.size() >= 3);
        CHECK(app::plot_axis::up_to_a_tick(end, 500, 6).end() >= end * 0.999999);
    }
    const auto wider = app::plot_axis::up_to_a_tick(275, 100, 5);
    CHECK(wider.end() == 300);
    CHECK(wider.pixels(150) == 50);
    CHECK(wider.pixels(1000) == 100);
    CHECK(wider.pixels(-1) == 0);
}

TEST_CASE("tick labels read as people write numbers") {
    CHECK(app::tick_label(0) == "0");
    CHECK(app::tick_label(0.25) == "0.25");
    CHECK(app::tick_label(999) == "999");
    CHECK(app::tick_label(1000) == "1,000");
    CHECK(app::tick_label(1234567) == "1,234,567");
}

namespace {

app::plotted_run plotted(const stagger::provider::scenario& scenario, const char* policy) {
    app::plotted_run run;
    run.policy = policy;
    run.found = sim::run(scenario, *sim::find_policy(policy), scenario.seed, &run.curve);
    return run;
}

}  // namespace

TEST_CASE("a plot is well-formed XML with a panel for each policy and a legend for what is drawn") {
    auto scenario = app::find_case("bucket 50/s").scenario;
    scenario.name = "a <name> & \"more\"\x01";
    scenario.clients[0].requests = 2000;
    const auto svg = app::draw_load_plot(
        scenario, 7, {plotted(scenario, "coordinated"), plotted(scenario, "full-jitter")});
    const xml_outline outline(svg);
    REQUIRE_MESSAGE(outline.problem().empty(), outline.problem());
    CHECK(outline.root() == "svg");
    CHECK(outline.has_text("a <name> & \"more\"\u2401"));
    for (const auto* text : {"coordinated", "full-jitter", "admitted", "rejected", "seconds",
                             "limit: admitted in the long run", "pace of the sender"}) {
        CAPTURE(text);
        CHECK(outline.has_text(text));
    }
    CHECK(outline.count("class", "limit") == 3);  // two panels and the legend
    CHECK(outline.count("class", "pace") == 2);   // tasks on their own have none
    CHECK(outline.count("class", "failed") == 0);
    // The stampede leaves the picture, and says so; the coordinated run does not.
    CHECK(outline.count("class", "note") + outline.count("class", "note end") == 1);
    for (const auto* outside : {"http-equiv", "<script", "@import", "url("})
        CHECK(svg.find(outside) == std::string::npos);
}

TEST_CASE("a plot has no limit where there is none, and shows failures where there are") {
    auto scenario = app::find_case("bucket 50/s").scenario;
    scenario.clients[0].requests = 300;
    scenario.provider.limits.clear();
    scenario.provider.faults.error_rate = 0.2;
    const xml_outline outline(app::draw_load_plot(scenario, 1, {plotted(scenario, "coordinated")}));
    REQUIRE(outline.problem().empty());
    CHECK(outline.count("class", "limit") == 0);
    CHECK(outline.count("class", "failed") == 2);  // the panel and the legend
}

TEST_CASE("built-in scenarios have names and file names of their own, and figures to reach") {
    std::set<std::string> names;
    std::set<std::string> files;
    for (const auto& row : sim::built_in_suite()) {
        CAPTURE(row.scenario.name);
        CHECK(names.insert(row.scenario.name).second);
        CHECK(files.insert(app::file_name_of(row.scenario.name)).second);
        CHECK(row.required.least_efficiency > 0.5);
        CHECK((row.required.most_waste_per_100 || row.required.most_avoidable_per_100));
        CHECK(app::find_case(row.scenario.name).scenario == row.scenario);
        const auto file = app::file_name_of(row.scenario.name);
        CHECK(app::find_case(file.substr(0, file.size() - 5)).scenario == row.scenario);
    }
    CHECK(app::file_name_of("bucket 50/s, Retry-After in s") == "bucket-50-s-retry-after-in-s.json");
    CHECK_THROWS_AS(app::find_case("no such"), app::failure);
}

TEST_CASE("scenarios are drawn for each kind from consecutive seeds") {
    const auto rows =
        app::draw_cases({sim::random_kind::token_bucket, sim::random_kind::overload_bucket}, 2, 7);
    std::vector<std::string> names;
    for (const auto& row : rows) names.push_back(row.scenario.name);
    CHECK(names == std::vector<std::string>{"token_bucket-7", "token_bucket-8", "overload_bucket-7",
                                            "overload_bucket-8"});
}

TEST_CASE("kinds are found by their names, and an unknown one is told all of them") {
    using sim::random_kind;
    CHECK(app::find_random_kinds({"adverse", "dip"}) ==
          std::vector<random_kind>{random_kind::adverse, random_kind::dip});
    std::string known;
    for (const auto each : sim::random_kinds) known.append(known.empty() ? "" : ", ").append(to_string(each));
    CHECK(known.find("overload_bucket") != std::string::npos);
    CHECK_THROWS_WITH_AS(app::find_random_kinds({"dip", "bucket"}),
                         ("--kind: \"bucket\" is none of " + known).c_str(), app::failure);
}

TEST_CASE("a scenario is of the random kind it is named after, or of none") {
    CHECK(app::kind_of("token_bucket-17") == "token_bucket");
    CHECK(app::kind_of("overload_bucket-1") == "overload_bucket");
    for (const auto* other : {"", "bucket 50/s", "overload", "my-17", "-"}) {
        CAPTURE(other);
        CHECK(app::kind_of(other) == "named");
    }
}
