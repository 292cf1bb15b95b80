#include "sim/seed_medians.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace stagger::sim {

namespace {

double median_of(const std::vector<measures>& runs, double measures::*which) {
    std::vector<double> values;
    values.reserve(runs.size());
    for (const measures& each : runs) values.push_back(each.*which);
    return median(std::move(values));
}

std::uint64_t median_of(const std::vector<measures>& runs, std::uint64_t measures::*which) {
    std::vector<double> values;
    values.reserve(runs.size());
    for (const measures& each : runs) values.push_back(static_cast<double>(each.*which));
    return static_cast<std::uint64_t>(std::llround(median(std::move(values))));
}

std::uint64_t highest_of(const std::vector<measures>& runs, std::uint64_t measures::*which) {
    std::uint64_t highest = 0;
    for (const measures& each : runs) highest = std::max(highest, each.*which);
    return highest;
}

}  // namespace

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

seed_medians::seed_medians(const std::vector<measures>& runs) {
    for (const auto which : {&measures::efficiency, &measures::waste_per_100, &measures::p99_retry_wait_s,
                             &measures::jain, &measures::makespan_s, &measures::aggregate_goodput_per_s}) {
        usual.*which = median_of(runs, which);
    }
    for (const auto which :
         {&measures::lockouts, &measures::succeeded, &measures::rejected, &measures::failed}) {
        usual.*which = median_of(runs, which);
    }
    for (const auto which : {&measures::lost, &measures::peak_10ms, &measures::peak_1s}) {
        usual.*which = highest_of(runs, which);
    }
    if (runs.empty()) return;
    worst_efficiency = runs.front().efficiency;
    for (const measures& each : runs) {
        worst_efficiency = std::min(worst_efficiency, each.efficiency);
        worst_waste_per_100 = std::max(worst_waste_per_100, each.waste_per_100);
    }
}

}  // namespace stagger::sim
