#pragma once

#include <vector>

namespace stagger::sim {

/** @brief The value that a share of all does not exceed; 0 of none.
 *
 * Between two values the straight line counts (Hyndman and Fan, "Sample Quantiles in Statistical Packages",
 * type 7), so that the half of an even number is the mean of the middle two.
 *
 * @param share from 0, the lowest, to 1, the highest
 */
double quantile(std::vector<double> values, double share);

}  // namespace stagger::sim
