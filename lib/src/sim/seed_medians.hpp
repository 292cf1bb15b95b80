#pragma once

#include <vector>

#include "sim/simulation.hpp"

namespace stagger::sim {

/// One measure of every run.
std::vector<double> values_of(const std::vector<measures>& runs, double measures::*which);

/// One scenario under one policy, run with several seeds. A median says what to expect, the worst what can
/// happen.
struct seed_medians {
    explicit seed_medians(const std::vector<measures>& runs);

    measures usual;             ///< every measure's own median; the peaks and `lost` are the highest
    double low_efficiency = 0;  ///< that of one seed in ten is lower still
    double worst_efficiency = 0;
    double worst_waste_per_100 = 0;
};

}  // namespace stagger::sim
