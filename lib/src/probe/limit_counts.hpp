#pragma once

#include <vector>

#include "probe/limit_evidence.hpp"

namespace stagger::probe {

/** @brief What a limit of some rule had counted when each request came, the request itself included.
 *
 * A capacity explains an admission if it is at least that count, and a refusal if it is less. Arrivals are
 * uncertain by the evidence's slack: for an admission the least count is told that they allow, for a refusal
 * the highest.
 */
struct limit_counts {
    std::vector<double> admitted;
    std::vector<double> refused;
    /// The least count at the refusals, of limits that count those, too: where a capacity is between the two,
    /// an admission would have been explained as well.
    std::vector<double> refused_at_least;
};

limit_counts count_draining(const limit_evidence& evidence, double per_s);
limit_counts count_in_flight(const limit_evidence& evidence);
limit_counts count_first_opens(const limit_evidence& evidence, double window_s);
/// @param turned_s a moment at which a window began
limit_counts count_clock_opens(const limit_evidence& evidence, double window_s, double turned_s);
limit_counts count_sliding(const limit_evidence& evidence, double window_s);

/// The same where what is refused is counted, too: it takes what was free by then, though never more.
/// @param capacity that is full after each refusal
limit_counts count_draining_with_refused(const limit_evidence& evidence, double per_s, double capacity);
limit_counts count_sliding_with_refused(const limit_evidence& evidence, double window_s);

}  // namespace stagger::probe
