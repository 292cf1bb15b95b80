#include "sim/seed_medians.hpp"

#include <algorithm>
#include <cmath>

#include "sim/quantile.hpp"

namespace stagger::sim {

namespace {

template <class Value>
std::vector<double> as_numbers(const std::vector<measures>& runs, Value measures::*which) {
    std::vector<double> values;
    values.reserve(runs.size());
    for (const measures& each : runs) values.push_back(static_cast<double>(each.*which));
    return values;
}

double median_of(const std::vector<measures>& runs, double measures::*which) {
    return quantile(as_numbers(runs, which), 0.5);
}

std::uint64_t median_of(const std::vector<measures>& runs, std::uint64_t measures::*which) {
    return static_cast<std::uint64_t>(std::llround(quantile(as_numbers(runs, which), 0.5)));
}

std::uint64_t highest_of(const std::vector<measures>& runs, std::uint64_t measures::*which) {
    std::uint64_t highest = 0;
    for (const measures& each : runs) highest = std::max(highest, each.*which);
    return highest;
}

}  // namespace

std::vector<double> values_of(const std::vector<measures>& runs, double measures::*which) {
    return as_numbers(runs, which);
}

seed_medians::seed_medians(const std::vector<measures>& runs) {
    for (const auto which : {&measures::efficiency, &measures::waste_per_100, &measures::p99_retry_wait_s,
                             &measures::jain, &measures::makespan_s, &measures::aggregate_goodput_per_s}) {
        usual.*which = median_of(runs, which);
    }
    for (const auto which : {&measures::lockouts, &measures::succeeded, &measures::rejected,
                             &measures::refused_by_chance, &measures::failed, &measures::unanswerable}) {
        usual.*which = median_of(runs, which);
    }
    for (const auto which : {&measures::lost, &measures::peak_10ms, &measures::peak_1s}) {
        usual.*which = highest_of(runs, which);
    }
    if (runs.empty()) return;
    low_efficiency = quantile(values_of(runs, &measures::efficiency), 0.1);
    worst_efficiency = runs.front().efficiency;
    for (const measures& each : runs) {
        worst_efficiency = std::min(worst_efficiency, each.efficiency);
        worst_waste_per_100 = std::max(worst_waste_per_100, each.waste_per_100);
    }
}

}  // namespace stagger::sim
