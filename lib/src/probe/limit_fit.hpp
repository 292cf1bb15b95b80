#pragma once

#include <cstddef>
#include <vector>

#include "probe/limit_evidence.hpp"
#include "probe/limit_rule.hpp"

namespace stagger::probe {

/// A value, and what else explains the answers as well.
struct fitted_range {
    double best = 0;
    double low = 0;
    double high = 0;

    /// Half the width, as a share of the middle.
    double uncertainty() const { return high + low > 0 ? (high - low) / (high + low) : 1; }
};

/// The limit of one rule that explains the most answers.
struct limit_fit {
    limit_rule rule = limit_rule::draining;
    fitted_range pace;      ///< requests a second of `draining`, seconds of a window; unused for in_flight
    fitted_range capacity;  ///< requests that are counted at once; `high` is infinite where none was refused
    std::size_t unexplained = 0;
    bool counts_refused = false;  ///< what it refuses is counted as well, and puts off the next admission

    /// Requests a second in the long run; 0 of a limit on concurrency.
    fitted_range rate_per_s() const;
};

limit_fit fit_limit(limit_rule rule, const limit_evidence& evidence);

/// The same of a limit that counts what it refuses, too; of the rules draining and sliding. A window that
/// opens all at once is full by then, and does not show it.
limit_fit fit_limit_with_refused(limit_rule rule, const limit_evidence& evidence);

/// One for each rule, and of two more that count what they refuse; those first that explain the most, then
/// the simplest.
std::vector<limit_fit> fit_all(const limit_evidence& evidence);

}  // namespace stagger::probe
