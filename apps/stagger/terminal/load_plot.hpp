#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "provider/description.hpp"
#include "sim/load_curve.hpp"
#include "sim/simulation.hpp"

namespace app {

/// A policy's run as it is drawn.
struct plotted_run {
    std::string policy;
    stagger::sim::measures found;
    stagger::sim::load_curve curve;
};

/** @brief Arrivals at the server over time, as an SVG picture that needs nothing else.
 *
 * A panel for each run, all with the same axes: what was admitted, on top of it what was rejected and what
 * failed, the provider's limit and the pace that the clients meant to keep. A stampede many times higher than
 * the limit is cut off, and its height written beside it. Follows the reader's light or dark colour scheme.
 *
 * @pre at least one run; all of the same scenario and seed
 */
std::string draw_load_plot(const stagger::provider::scenario& scenario, std::uint64_t seed,
                           std::vector<plotted_run> runs);

}  // namespace app
