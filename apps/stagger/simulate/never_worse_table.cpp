#include "never_worse_table.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <optional>

#include "figure_comparison.hpp"

namespace app {
namespace {

namespace sim = stagger::sim;
using kind = text_table::column::kind;

const std::string none = "-";

std::string per_100(std::optional<double> rejections) {
    return rejections ? fmt::format("{:.2f}", *rejections) : none;
}

boost::json::object figures_of(const sim::measures& found) {
    boost::json::object figures;
    figures["makespan_s"] = found.makespan_s;
    figures["efficiency"] = found.efficiency;
    figures["waste_per_100"] = found.waste_per_100;
    figures["avoidable_per_100"] = sim::avoidable_per_100(found);
    figures["lost"] = found.lost;
    return figures;
}

}  // namespace

text_table side_by_side_table(const std::vector<sim::run_beside_rivals>& runs) {
    text_table table({{"scenario", kind::words},
                      {"seed"},
                      {"ratio"},
                      {"best beside it", kind::words},
                      {"coordinated s"},
                      {"best s"},
                      {"avoidable/100"},
                      {"full-jitter's"},
                      {"lost"}});
    for (const sim::run_beside_rivals& each : sim::worst_last(runs)) {
        const auto ratio = sim::ratio_to_best(each);
        const auto* best = sim::best_rival(each);
        table.add(
            {each.scenario, std::to_string(each.seed), ratio ? fmt::format("{:.3f}", *ratio) : none,
             best ? best->policy : "each loses some", fmt::format("{:.1f}", each.coordinated.makespan_s),
             best ? fmt::format("{:.1f}", best->found.makespan_s) : none,
             per_100(sim::avoidable_per_100(each.coordinated)),
             per_100(sim::avoidable_per_100_of_kindness_rival(each)), std::to_string(each.coordinated.lost)});
    }
    return table;
}

text_table never_worse_table(const std::vector<sim::never_worse_summary>& kinds) {
    text_table table({{"kind", kind::words},
                      {"runs"},
                      {"without ratio"},
                      {"median"},
                      {"p90"},
                      {"worst"},
                      {"in", kind::words},
                      {"lost"},
                      {"reject too much"}});
    for (const sim::never_worse_summary& each : kinds) {
        const auto text = [&](double ratio) {
            return each.runs > each.without_ratio ? fmt::format("{:.3f}", ratio) : none;
        };
        table.add({each.kind, std::to_string(each.runs), std::to_string(each.without_ratio),
                   text(each.median), text(each.p90), text(each.worst),
                   each.worst_in.empty() ? none : each.worst_in, std::to_string(each.lost),
                   std::to_string(each.rejects_too_much.size())});
    }
    return table;
}

std::string to_json(const sim::run_beside_rivals& run) {
    boost::json::object line;
    line["scenario"] = run.scenario;
    line["kind"] = run.kind;
    line["seed"] = run.seed;
    line["limited"] = run.limited;
    const auto ratio = sim::ratio_to_best(run);
    const auto* best = sim::best_rival(run);
    line["ratio"] = ratio ? boost::json::value(*ratio) : boost::json::value(nullptr);
    line["best"] = best ? boost::json::value(best->policy) : boost::json::value(nullptr);
    line["rejects_too_much"] = sim::rejects_too_much(run);
    boost::json::object& policies = line["policies"].emplace_object();
    policies["coordinated"] = figures_of(run.coordinated);
    for (const sim::rival_run& each : run.rivals) policies[each.policy] = figures_of(each.found);
    return boost::json::serialize(line) + "\n";
}

std::string shortfall(const sim::never_worse_summary& found) {
    const sim::never_worse_figures figures;
    figure_comparison compared;
    compared.at_most("median ratio", found.median, figures.most_median);
    compared.at_most("p90 ratio", found.p90, figures.most_p90);
    compared.at_most("worst ratio (" + found.worst_in + ")", found.worst, figures.most_worst);
    if (found.lost > figures.most_lost)
        compared.miss(fmt::format("lost {} must be <= {}", found.lost, figures.most_lost));
    if (!found.rejects_too_much.empty())
        compared.miss(fmt::format("too many rejections in {}", fmt::join(found.rejects_too_much, ", ")));
    return compared.text();
}

}  // namespace app
