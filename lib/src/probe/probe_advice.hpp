#pragma once

#include <cstddef>

#include "probe/probe_findings.hpp"

namespace stagger::probe {

/// What to pass to a batch: never more than the server admits. One of the two at most is not 0.
struct probe_advice {
    double requests_per_minute = 0;
    std::size_t requests_in_flight = 0;

    bool is_empty() const { return !(requests_per_minute > 0) && requests_in_flight == 0; }
};

/// Nothing where no limit was found, or its rate is known too roughly to help.
probe_advice advise(const probe_findings& found);

}  // namespace stagger::probe
