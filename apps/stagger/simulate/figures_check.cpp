#include "figures_check.hpp"

#include "figure_comparison.hpp"
#include "sim/never_worse.hpp"

namespace app {

std::string shortfall(const stagger::sim::figures_to_reach& required, const stagger::sim::measures& found,
                      std::optional<double> ratio_to_best) {
    figure_comparison compared;
    compared.at_least("efficiency", found.efficiency, required.least_efficiency);
    compared.at_most("waste", found.waste_per_100, required.most_waste_per_100);
    compared.at_most("avoidable rejections", stagger::sim::avoidable_per_100(found),
                     required.most_avoidable_per_100);
    if (ratio_to_best) compared.at_most("ratio to best", *ratio_to_best, required.most_ratio_to_best);
    compared.at_least("Jain", found.jain, required.least_jain);
    compared.at_least("aggregate goodput", found.aggregate_goodput_per_s,
                      required.least_aggregate_goodput_per_s);
    compared.at_most("lockouts", static_cast<double>(found.lockouts), required.most_lockouts);
    compared.at_most("peak in 10 ms", static_cast<double>(found.peak_10ms), required.most_peak_10ms);
    compared.at_most("peak in 1 s", static_cast<double>(found.peak_1s), required.most_peak_1s);
    compared.at_most("lost", static_cast<double>(found.lost), 0);
    return compared.text();
}

}  // namespace app
