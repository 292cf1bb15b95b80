#pragma once

#include <string>
#include <vector>

#include "load/run_results.hpp"

namespace app {

/// Results and where they are from.
struct named_results {
    std::string name;  ///< of the file
    stagger::load::results_document results;
};

/// A run, called so that it differs from the others on the page.
struct labelled_run {
    std::string label;
    const stagger::load::run_results* found;
    const stagger::load::results_document* of;
};
using labelled_runs = std::vector<labelled_run>;

/** @brief All runs in their order, called by their policies: "coordinated"; where several have the same, also
 * by their files, "coordinated (today.json)", and where these agree, too, numbered.
 *
 * The documents must outlive the answer.
 */
labelled_runs label_runs(const std::vector<named_results>& documents);

}  // namespace app
