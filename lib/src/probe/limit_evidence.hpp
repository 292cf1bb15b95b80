#pragma once

#include <vector>

#include "probe/probe_answer.hpp"

namespace stagger::probe {

/// What answers tell about a limit, in seconds since the first request was sent.
struct limit_evidence {
    struct admission {
        double at_s;
        double answered_s;  ///< infinite while there is no answer
    };

    std::vector<admission> admitted;  ///< in the order of sending, as is the next
    std::vector<double> refused_at_s;
    double trip_s = 0;   ///< from sending to a refusal: a round trip
    double slack_s = 0;  ///< by how much the time of arrival is uncertain
    double span_s = 0;   ///< from the first request to the last

    bool anything_refused() const { return !refused_at_s.empty(); }
    std::size_t answers() const { return admitted.size() + refused_at_s.size(); }
};

/// What has not been answered counts as admitted: a refusal would have come by now. A request that was
/// refused long after a round trip waited in the server's line and was given up there, so it was let in
/// first.
limit_evidence evidence_of(const std::vector<probe_answer>& answers);

}  // namespace stagger::probe
