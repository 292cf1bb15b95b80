#include "sim/quantile.hpp"

#include <algorithm>
#include <cstddef>

namespace stagger::sim {

double quantile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    const double weight = place - static_cast<double>(below);
    return values[below] + weight * (values[above] - values[below]);
}

}  // namespace stagger::sim
